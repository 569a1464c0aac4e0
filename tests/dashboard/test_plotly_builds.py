"""The two builds of Plotly that pages fetch are of one version, so one figure means the same to both."""

import re
from pathlib import Path

from django.contrib.staticfiles import finders


def version(name: str) -> str:
    found = finders.find(name)
    assert isinstance(found, str)
    said = re.search(
        r"plotly\.js (?:\(basic - minified\) )?v([\d.]+)", Path(found).read_text()[:300]
    )
    assert said, f"{name} does not say its version"
    return said[1]


def test_the_basic_build_is_of_the_version_of_the_package() -> None:
    """After an upgrade of `plotly`, renew vendor/plotly-basic.min.js from npm's plotly.js-basic-dist-min."""
    basic, whole = version("dashboard/vendor/plotly-basic.min.js"), version("plotly/plotly.min.js")
    assert basic == whole
