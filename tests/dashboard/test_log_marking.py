"""Marks in a log are told as far as there is time for them, by turns, and never in silence."""

import pytest
from django.test import Client

from runs.logs import spans
from runs.logs.turns import MARKING
from tests.dashboard.test_logs import wrote

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_marks_that_take_too_long_are_asked_for_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer goes on by a line at least, so whoever asks again comes to the end."""
    run = wrote(b"loss 1\nloss 2\nloss 3\n")
    monkeypatch.setattr(spans, "PATIENCE", -1.0)
    address = f"/runs/{run.key}/log/spans?q=loss&kind=regex&from="
    assert browser.get(f"{address}1").json() == {"spans": {"1": [[0, 4]]}, "until": 2}
    assert browser.get(f"{address}3").json() == {"spans": {"3": [[0, 4]]}, "until": 4}
    assert browser.get(f"{address}9").json() == {"spans": {}, "until": 9}
    found = browser.get(f"/runs/{run.key}/log/search?q=loss&kind=regex").json()
    assert (found["total"], [each["spans"] for each in found["hits"]]) == (3, [[], [], []])
    assert found["hits"][2]["text"] == "loss 3"


def test_marks_are_made_by_turns(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    run = wrote(b"loss 1\n")
    taken = MARKING.taken
    monkeypatch.setattr(MARKING, "taken", lambda who: taken(who, wait=0))
    with MARKING.taken(""), MARKING.taken(""):
        answer = browser.get(f"/runs/{run.key}/log/spans?q=loss&kind=regex")
        assert (answer.status_code, answer.json()["code"]) == (400, "busy")
        assert browser.get(f"/runs/{run.key}/log/search?q=loss").json()["total"] == 1
    assert browser.get(f"/runs/{run.key}/log/spans?q=loss&kind=regex").status_code == 200
