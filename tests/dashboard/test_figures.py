"""Figures are plain dictionaries: how charts look, without a point in them."""

import json
import re
from pathlib import Path

import numpy as np

from dashboard import figures, figures_compare, figures_media
from dashboard.comparing.columns import Column

ROOT = Path(__file__).resolve().parents[2]
TOKENS = ROOT / "dashboard" / "static" / "dashboard" / "tokens.css"
TRACES = ROOT / "dashboard" / "static" / "dashboard" / "charts" / "traces.js"


def strings(thing: object) -> list[str]:
    if isinstance(thing, dict):
        return [text for each in thing.values() for text in strings(each)]
    if isinstance(thing, list):
        return [text for each in thing for text in strings(each)]
    return [thing] if isinstance(thing, str) else []


def test_a_style_is_json_that_every_browser_reads() -> None:
    style = figures.style()
    assert json.loads(json.dumps(style, allow_nan=False)) == style


def test_colours_are_names_that_the_theme_fills_in() -> None:
    """A misspelt name would be drawn black, and only in a browser."""
    names = {text.partition("/")[0] for text in strings(figures.style()) if text.startswith("--")}
    ramp = {f"--ramp-{n}" for n in range(figures.RAMP)}
    known = set(re.findall(r"(--[\w-]+):", TOKENS.read_text()))
    assert names
    assert names | ramp <= known


def test_every_role_that_the_page_draws_is_described_and_tells_its_name() -> None:
    drawn = set(re.findall(r"(?:trace|marks|lines)\(\"(\w+)\"", TRACES.read_text()))
    roles = figures.roles()
    assert drawn == set(roles)
    assert {name: each["meta"]["role"] for name, each in roles.items()} == {
        name: name for name in roles
    }


def test_gaps_stay_gaps_and_no_mark_takes_the_pointer() -> None:
    roles = figures.roles()
    assert roles["line"]["connectgaps"] is False
    assert {each["hoverinfo"] for each in roles.values()} == {"skip"}
    assert figures.layout()["hovermode"] is False


def test_exponents_need_no_style_of_their_own() -> None:
    """Plotly writes small raised numbers with a style attribute, which our policy refuses."""
    layout = figures.layout()
    assert {layout[axis]["exponentformat"] for axis in ("xaxis", "yaxis")} == {"e"}
    column = Column("metric.loss:last", [1.0])
    dot = figures_compare.Dot("job-1", "job-1", 0)
    log = figures_compare.Wish(log_x=True, log_y=True)
    counted = figures_media.Histogram("0", np.array([0.0, 1.0]), np.array([1.0]))
    for figure in (
        figures_compare.scatter([dot], column, column, None, log),
        figures_media.histograms([counted], key="grads"),
    ):
        assert "power" not in strings(figure)
        assert "e" in strings(figure)


def test_each_call_answers_a_figure_of_its_own() -> None:
    figures.roles()["line"]["line"]["width"] = 99
    assert figures.roles()["line"]["line"]["width"] < 3


def test_limits_let_five_hundred_runs_have_a_curve_each() -> None:
    limits = figures.LIMITS
    assert limits["buckets"] / 500 >= limits["narrowest"]
