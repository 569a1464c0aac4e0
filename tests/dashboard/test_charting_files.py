"""Points of charts as files, and what runs of a chart are called and look like."""

import csv
import io
import json
import math

import pytest
from django.test import Client

from dashboard import naming
from dashboard.charting import export
from runs.models import Run
from runs.series import stored
from tests.dashboard.test_charting import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: object) -> None:
    """Streams are files."""


def test_every_point_leaves_as_csv_and_no_cell_is_a_formula(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "POINTS_AT_ONCE", 2)
    run = a_run([1, math.nan, 3], name="=cmd()")
    asked = json.dumps({"runs": [run.key], "keys": ["loss"]})
    answer = browser.post("/charts/points.csv", {"asked": asked})
    text = b"".join(answer).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(each["step"], each["value"]) for each in rows] == [
        ("0", "1.0"),
        ("1", "nan"),
        ("2", "3.0"),
    ]
    assert {each["name"] for each in rows} == {"'=cmd()"}
    assert "attachment" in answer["Content-Disposition"]


def test_a_form_that_says_nothing_is_refused(browser: Client) -> None:
    assert browser.post("/charts/points.csv", {"asked": "{"}).status_code == 400
    assert browser.post("/charts/points.csv", {}).status_code == 400


def test_a_file_says_what_is_wrong_before_it_begins_and_ends_where_reading_fails(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that raises is one that a server never ends."""
    run = a_run([1, 2])
    answer = browser.post("/charts/points.csv", {"asked": '{"runs": [], "keys": ["\\ud800"]}'})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    monkeypatch.setattr(stored, "points_in", lambda _ranges: {})
    asked = json.dumps({"runs": [run.key], "keys": ["loss"]})
    text = b"".join(browser.post("/charts/points.csv", {"asked": asked})).decode()
    assert text.splitlines() == [",".join(export.HEADER), export.BROKEN.strip()]


def test_runs_of_one_name_without_a_config_are_told_apart_by_their_ids() -> None:
    names = naming.labels([Run(key=f"job-{n}", name="a", config={}) for n in range(3)])
    assert names == {f"job-{n}": f"a (job-{n})" for n in range(3)}
