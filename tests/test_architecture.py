"""The house has one staircase: imports go one way, and the client stands on its own feet."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.imports import circle, dangers, imports, is_inside, module_name

ROOT = Path(__file__).resolve().parent.parent
ACCESS = "whirr_site.access"
# Who may import what, itself aside. `whirr_site.access` is the floor that the apps stand on.
MAY_IMPORT = {
    ACCESS: {"whirr_site.settings"},
    "runs": {ACCESS},
    "mlflow_api": {"runs", ACCESS},
    "jobs": {"runs", ACCESS},
    "dashboard": {"jobs", "runs", ACCESS},
    "whirr_site": {"dashboard", "jobs", "mlflow_api", "runs", "whirr.__version__"},
    "whirr": set(),
    "worker_agent": {"whirr.wire", "whirr.shipping", "whirr.__version__"},
}
PACKAGES = ("whirr_site", "runs", "mlflow_api", "jobs", "dashboard", "whirr", "worker_agent")
CLIENT = ("whirr", "worker_agent")
# These run on a person's own machine, where `pip install whirr[cli]` brought more.
TERMINAL = ("whirr.cli", "whirr.stack")
FOR_THE_TERMINAL = {"click", "rich", "yaml"}
ALL_SOURCES = (*PACKAGES, "tests", "scripts", "benchmarks", "examples")
LONGEST = 300
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common"}
ANOTHER_HOST = re.compile(
    r"""(?ix)
    \b(?: src | href | action | poster | srcset ) \s* = \s* ["']? \s* (?: https?: )? //
    | url\( \s* ["']? \s* (?: https?: )? //
    | @import \s+ ["'] \s* (?: https?: )? //
    | \b(?: from | import ) \s* \(? \s* ["'`] (?: https?: )? //
    | \b(?: fetch | WebSocket | EventSource | Worker ) \( \s* ["'`] (?: https?: | wss?: )? //
    """
)


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (
            path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts
        )


def home(module: str) -> str:
    return ACCESS if is_inside(module, ACCESS) else module.split(".")[0]


def wrong_ways(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """The imports of our own packages that MAY_IMPORT does not allow."""
    allowed = {home(module), *MAY_IMPORT[home(module)]}
    return [
        f"{module}, line {item.line}: {item.name}"
        for item in imports(source, module, is_package=is_package)
        if item.name.split(".")[0] in PACKAGES
        and not any(is_inside(item.name, package) for package in allowed)
    ]


def not_standard(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """The imports of a client module that need something installed."""
    allowed = {*sys.stdlib_module_names, *CLIENT}
    if any(is_inside(module, package) for package in TERMINAL):
        allowed |= FOR_THE_TERMINAL
    return [
        f"{module}, line {item.line}: {item.name}"
        for item in imports(source, module, is_package=is_package)
        if item.name.split(".")[0] not in allowed
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package: str) -> None:
    files = list(python_files(package))
    assert files
    assert not [
        wrong
        for path in files
        for wrong in wrong_ways(
            path.read_text(), module_name(path, ROOT), is_package=path.name == "__init__.py"
        )
    ]


@pytest.mark.parametrize("package", CLIENT)
def test_client_and_agent_need_the_standard_library_only(package: str) -> None:
    assert not [
        wrong
        for path in python_files(package)
        for wrong in not_standard(
            path.read_text(), module_name(path, ROOT), is_package=path.name == "__init__.py"
        )
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_app_imports_itself_in_a_circle(package: str) -> None:
    files = {module_name(path, ROOT): path for path in python_files(package)}
    packages = frozenset(name for name, path in files.items() if path.name == "__init__.py")
    assert not circle({name: path.read_text() for name, path in files.items()}, packages)


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in python_files(*ALL_SOURCES)}
    assert not {str(path): length for path, length in lengths.items() if length > LONGEST}


def test_every_module_is_named_after_what_it_knows() -> None:
    assert not [path for path in python_files(*ALL_SOURCES) if path.stem in VAGUE]
    assert not [path for path in python_files(*ALL_SOURCES) if VAGUE & set(path.parts)]


def test_no_data_is_run_as_code() -> None:
    assert not {
        str(path): found for path in python_files(*PACKAGES) if (found := dangers(path.read_text()))
    }


def test_no_page_loads_anything_from_another_host() -> None:
    endings = {".html", ".css", ".js", ".svg", ".txt", ".webmanifest"}
    pages = [
        path
        for app in ("dashboard", "whirr_site", "jobs", "runs")
        for kind in ("templates", "static")
        for path in (ROOT / app).rglob(f"{kind}/**/*")
        if path.suffix in endings
        and "vendor" not in path.parts  # tests in a browser see what they ask for
    ]
    assert pages
    assert not {
        str(path): found.group()
        for path in pages
        if (found := ANOTHER_HOST.search(path.read_text()))
    }


def test_every_folder_of_tests_is_a_package() -> None:
    """Otherwise two files of one name (tests/jobs/test_api.py, tests/runs/test_api.py) collide."""
    folders = {path.parent for path in python_files("tests")}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


class TestTheChecksCanFail:
    """Each check is given a planted violation."""

    @pytest.mark.parametrize(
        ("module", "source"),
        [
            ("runs.streams", "import jobs"),
            ("runs.streams", "from jobs.models import Job"),
            ("runs.streams", "from whirr_site import settings"),
            ("runs.streams", "from whirr_site.settings import base"),
            ("runs.streams", "def later():\n    from dashboard import pages"),
            ("runs.streams", "from ..jobs import states"),
            ("jobs.claiming", "import dashboard.figures"),
            ("jobs.claiming", "import whirr.wire"),
            ("dashboard.pages", "import whirr_site.urls"),
            ("whirr_site.access.api", "from runs.models import Run"),
            ("whirr_site.urls", "import whirr"),
            ("whirr_site.urls", "from whirr import wire"),
            ("jobs.versions", "from whirr import __version__"),
            ("whirr.cli.main", "import jobs.states"),
            ("whirr._run", "import worker_agent"),
            ("worker_agent.loop", "import whirr"),
            ("worker_agent.loop", "from whirr import _run"),
            ("worker_agent.loop", "from whirr.cli import main"),
        ],
    )
    def test_an_import_the_wrong_way_is_found(self, module: str, source: str) -> None:
        assert len(wrong_ways(source, module)) == 1

    @pytest.mark.parametrize(
        ("module", "source"),
        [
            ("runs.streams", "from whirr_site.access import run_tokens\nimport runs.models"),
            ("jobs.claiming", "from django.conf import settings\nfrom runs import streams"),
            ("dashboard.pages", "from . import figures\nimport jobs, runs"),
            ("whirr_site.urls", "import jobs.api.urls\nfrom whirr_site.access import views"),
            ("whirr_site.access.api", "from whirr_site.settings.keys import read_or_make"),
            ("worker_agent.loop", "from whirr import wire, __version__\nimport whirr.wire.client"),
        ],
    )
    def test_an_import_the_right_way_is_not(self, module: str, source: str) -> None:
        assert wrong_ways(source, module) == []

    def test_a_package_from_elsewhere_is_found(self) -> None:
        assert not_standard("import requests", "whirr._run")
        assert not_standard("import click", "whirr._run")
        assert not_standard("def f():\n    import yaml", "worker_agent.loop")
        assert not_standard("import requests", "whirr.cli.main")
        assert not not_standard("import click\nimport json", "whirr.cli.main")

    def test_a_circle_is_found(self) -> None:
        ring = {"a.x": "from a import y", "a.y": "from a.z import name", "a.z": "import a.x"}
        assert set(circle(ring)) == {"a.x", "a.y", "a.z"}
        assert circle({"a": "from .x import name", "a.x": "from a import y"}, frozenset({"a"}))

    def test_an_import_that_waits_makes_no_circle(self) -> None:
        waiting = {"a.x": "from a import y", "a.y": "def f():\n    import a.x"}
        typing = {"a.x": "from a import y", "a.y": "if TYPE_CHECKING:\n    import a.x"}
        assert not circle(waiting)
        assert not circle(typing)

    @pytest.mark.parametrize(
        "source",
        ["eval('1')", "exec(text)", "import pickle", "from pickle import loads", "yaml.load(text)"],
    )
    def test_data_run_as_code_is_found(self, source: str) -> None:
        assert dangers(source)

    def test_what_only_looks_alike_is_not(self) -> None:
        assert not dangers("model.eval()\nyaml.safe_load(text)\nos.execv(path, args)")

    @pytest.mark.parametrize(
        "text",
        [
            '<script src="https://cdn.example/x.js">',
            "<img src=//cdn.example/x.png>",
            "<a href='http://example.org/'>",
            "background: url(https://example.org/x.png)",
            '@import "https://example.org/x.css";',
            'import x from "https://example.org/x.js"',
            'fetch("https://example.org/")',
        ],
    )
    def test_another_host_is_found(self, text: str) -> None:
        assert ANOTHER_HOST.search(text)

    @pytest.mark.parametrize(
        "text",
        [
            "<script src=\"{% static 'dashboard/run.js' %}\">",
            '<svg xmlns="http://www.w3.org/2000/svg">',
            '<a href="/runs/7/">',
            "// see https://example.org for why",
            "background: url(/static/x.svg)",
            'import { follow } from "./feed.js"',
        ],
    )
    def test_our_own_host_is_not(self, text: str) -> None:
        assert not ANOTHER_HOST.search(text)
