"""What the log viewer is told of ranks, and failures that a launcher's prefix stands before."""

import pytest
from django.test import Client

from dashboard.logs import failure
from runs.logs import ranks
from tests.dashboard.test_logs import wrote

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.mark.parametrize("label", ["[default1]:", "[1,1]<stderr>:", "1: ", "[default1]:[rank1]: "])
def test_what_was_raised_is_found_behind_the_prefix_of_a_rank(label: str) -> None:
    raised = ("Traceback (most recent call last):", "  File x", "ValueError: bad", "bye")
    log = "".join(f"{label}{line}\n" for line in raised)
    wrong = failure.failure(wrote(log.encode()), attempt=1)
    assert wrong == failure.Failure(1, 3, "ValueError: bad")


def test_the_survey_tells_of_ranks_and_where_one_wrote(browser: Client) -> None:
    run = wrote(b"launching\n[rank0]: loss\n[rank1]: loss\n[rank1]: late\n")
    told = browser.get(f"/runs/{run.key}/log/survey").json()
    assert told["ranks"] == [["0", 1], ["1", 2]]
    assert "rank" not in told
    one = browser.get(f"/runs/{run.key}/log/survey?rank=1").json()
    assert one["rank"] == {"name": "1", "each": 500, "lines": [2], "left_out": False}
    hits = browser.get(f"/runs/{run.key}/log/search?q=l&rank=1").json()
    assert hits["numbers"] == [3, 4]
    refused = browser.get(f"/runs/{run.key}/log/search?q=l&rank=one").json()["refused"]
    assert "'one' is no rank" in refused


def test_the_survey_tells_how_many_ranks_it_leaves_out_and_whether_the_asked_one_is(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "MOST", 2)
    run = wrote(b"".join(b"[rank%d]: x\n" % each for each in (0, 1, 400, 7, 400)) + b"5: y\n")
    address = f"/runs/{run.key}/log/survey"
    told = browser.get(address).json()
    assert (told["ranks"], told["ranks_left_out"]) == ([["0", 1], ["1", 1]], 2)
    asked = {
        rank: browser.get(f"{address}?rank={rank}").json()["rank"] for rank in ("400", "1", "9")
    }
    assert [each["left_out"] for each in asked.values()] == [True, False, False]
    assert asked["400"]["lines"] == []
    refused = browser.get(f"{address}?rank=4%2000")
    assert refused.status_code == 400

    alone = browser.get(f"/runs/{wrote(b'[rank0]: x').key}/log/survey").json()
    assert (alone["ranks"], alone["ranks_left_out"]) == ([], 0)
