"""Labels that administrators give to workers: they count as the tags that agents announce, and outlive an agent."""

from typing import Any

import pytest

from jobs import labels, workers
from jobs.errors import Invalid, NotFound
from jobs.models import Worker, WorkerEvent
from runs import feed
from tests.jobs.explained import explain, verdicts
from tests.jobs.factories import after, make_job, make_worker, sync
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db


def label(*add: str, remove: tuple[str, ...] = ()) -> list[str]:
    return workers.label("node1", add=add, remove=remove, actor="ada", now=after(0))


class TestMatching:
    def test_a_label_and_a_tag_together_are_what_a_job_requires(self) -> None:
        worker = make_worker(tags=["a100"])
        job = make_job(require_tags=["fast", "a100"])
        assert sync(worker).jobs == []
        label("fast")
        assert [order.job.pk for order in sync(worker).jobs] == [job.pk]

    def test_why_a_job_waits_knows_of_it(self) -> None:
        make_worker()
        job = make_job(require_tags=["fast"])
        assert verdicts(explain(job))["node1"] == ("unfit", "lacks tag fast")
        label("fast")
        assert verdicts(explain(job))["node1"][0] != "unfit"

    def test_what_is_taken_away_counts_no_more(self) -> None:
        worker = make_worker()
        label("fast")
        make_job(require_tags=["fast"])
        assert label(remove=("fast",)) == []
        assert sync(worker).jobs == []

    def test_they_survive_the_agents_restart_and_tags_of_the_agent_stay_its_own(self) -> None:
        make_worker(tags=["old"])
        label("fast")
        make_worker(tags=["new"], now=after(5))
        stored = Worker.objects.get()
        assert (stored.tags, stored.labels) == (["new"], ["fast"])

    def test_a_held_request_is_looked_at_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_worker()
        rung: list[str] = []
        monkeypatch.setattr(feed, "ring", lambda *groups: rung.extend(groups))
        label("fast")
        assert feed.worker_group("node1") in rung


class TestTheTrail:
    def test_each_change_is_told_once_with_who_made_it(self) -> None:
        make_worker()
        label("fast", " nvlink ")
        label("fast")
        label("new", remove=("fast", "unknown"))
        told = WorkerEvent.objects.filter(kind="labelled").values_list("message", "actor")
        assert list(told) == [("+fast, +nvlink", "ada"), ("+new, -fast", "ada")]

    def test_what_is_added_and_removed_at_once_stays(self) -> None:
        make_worker()
        assert label("fast", remove=("fast",)) == ["fast"]


class TestBadOnes:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("  ", "must not be empty"),
            ("a,b", "comma"),
            ("a\nb", "line breaks"),
            ("a\x00b", "control characters"),
            ("x" * 101, "at most 100 characters, not 101"),
        ],
    )
    def test_what_no_option_could_name_is_refused(self, name: str, said: str) -> None:
        make_worker()
        with pytest.raises(Invalid, match=said):
            label("good", name)
        assert Worker.objects.get().labels == []

    def test_there_is_an_end_to_their_number(self) -> None:
        make_worker()
        with pytest.raises(Invalid, match="at most 100 labels, not 101"):
            label(*map(str, range(labels.MOST + 1)))

    def test_an_unknown_worker_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            label("fast")


class TestTheApi:
    PATH = "/api/v1/workers/node1/labels"

    def test_it_adds_and_removes_and_tells_both_kinds_apart(self) -> None:
        make_worker(tags=["a100"])
        post(owner(), self.PATH, {"add": ["fast", "new"]})
        told = post(owner(), self.PATH, {"remove": ["new"]})
        assert (told.json()["tags"], told.json()["labels"]) == (["a100"], ["fast"])

    @pytest.mark.parametrize("body", [{"add": ["a,b"]}, {"add": "fast"}, {"add": [""]}, {"add": 1}])
    def test_bad_ones_are_refused_with_the_field(self, body: Any) -> None:
        make_worker()
        answer = post(owner(), self.PATH, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert "add" in answer.json()["fields"]

    def test_an_unknown_worker_is_not_found(self) -> None:
        assert post(owner(), self.PATH, {"add": ["fast"]}).status_code == 404
