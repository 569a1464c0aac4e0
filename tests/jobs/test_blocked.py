"""GPUs that an agent hands to no job: what is read of its words, and what people are told."""

from typing import Any

import pytest
from django.utils import timezone

from jobs import blocked
from jobs.api.parsing import MOST_LOAD, sync_report
from jobs.models import Worker
from tests.jobs.explained import codes, explain, verdicts
from tests.jobs.factories import after, claim, make_job, make_worker, sync
from tests.site.asking import owner

BOB = {"pid": 123, "user": "bob", "name": "python", "memory_mb": 20480}
FOREIGN = {"index": 1, "why": "foreign", "processes": [BOB]}
TEXT = "GPU 1 is used by bob (pid 123, python, 20 GiB)"


def tells(worker: Worker, *out: dict[str, Any], **more: Any) -> Worker:
    """The worker's next sync: those GPUs are out, and free is what else it has."""
    away = {each["index"] for each in out}
    load = sync_report({"load": {"blocked": list(out)}}).load
    free = [gpu["index"] for gpu in worker.gpus if gpu["index"] not in away]
    sync(worker, gpus=free, load=load, **more)
    return Worker.objects.get(pk=worker.pk)


class TestWords:
    @pytest.mark.parametrize(
        ("told", "text"),
        [
            (FOREIGN, TEXT),
            ({"index": 0, "why": "foreign"}, "GPU 0 is used by somebody else"),
            (
                {"index": 0, "why": "foreign", "processes": [{"pid": 9, "memory_mb": None}]},
                "GPU 0 is used by pid 9",
            ),
            (
                {"index": 0, "why": "foreign", "processes": [BOB | {"pid": n} for n in range(5)]},
                "and 2 more",
            ),
            (
                {"index": 0, "why": "memory_held", "memory_used_mb": 30720},
                "GPU 0 has 30 GiB in use by no process that can be seen",
            ),
            ({"index": 0, "why": "missing"}, "GPU 0 is not there any more"),
            (
                {"index": 0, "why": "error", "reason": "ERR!"},
                "GPU 0 is out of order (ERR!)",
            ),
            (
                {"index": 0, "why": "unkillable", "processes": [{"pid": 5, "name": "python"}]},
                "GPU 0 is held by processes that cannot be killed: pid 5, python",
            ),
            ({"index": 0, "why": "a_new_word"}, "GPU 0 is out of order (a_new_word)"),
            ({"index": 0}, "GPU 0 is out of order"),
        ],
    )
    def test_each_reason_has_its_sentence(self, told: dict[str, Any], text: str) -> None:
        (found,) = blocked.read([told])
        assert text in found.text

    def test_what_is_read_reads_the_same_again(self) -> None:
        found = blocked.read([FOREIGN])
        assert blocked.read([each.as_json() for each in found]) == found


class TestOddValues:
    @pytest.mark.parametrize(
        "odd",
        [
            "x",
            {"index": 1},
            [1, None, "x", []],
            [{"why": "foreign"}],
            [{"index": True}, {"index": -1}, {"index": 1.5}, {"index": 2**31}, {"index": "1"}],
        ],
    )
    def test_what_names_no_gpu_is_passed_over(self, odd: Any) -> None:
        assert blocked.read(odd) == []

    def test_what_is_odd_about_a_process_is_passed_over(self) -> None:
        rows = [BOB, {"user": "x"}, 7, {"pid": 8, "user": 9, "name": ["a"], "memory_mb": "NaN"}]
        (found,) = blocked.read([{"index": 1, "why": 7, "reason": {}, "processes": rows}])
        assert [each.pid for each in found.processes] == [123, 8]
        assert (found.processes[1].user, found.processes[1].memory_mb) == ("", None)

    def test_sizes_are_bounded(self) -> None:
        row = {"index": 1, "why": "w" * 900, "reason": "a\nb" * 900, "processes": [BOB] * 99}
        found = blocked.read([row] * 999)
        assert len(found) == blocked.MOST_ENTRIES
        assert len(found[0].processes) == blocked.MOST_PROCESSES
        assert len(found[0].why) == blocked.MOST_TEXT
        assert "\n" not in found[0].reason

    @pytest.mark.parametrize("odd", [{"x": "y" * MOST_LOAD}, {"x": 2**70}, [], None, "x"])
    def test_an_odd_load_never_costs_a_lease(self, odd: Any) -> None:
        assert sync_report({"load": odd}).load == {}

    @pytest.mark.django_db
    @pytest.mark.parametrize("odd", [[], "x", {"blocked": 7}, {"blocked": [7]}, None])
    def test_what_older_versions_kept_breaks_nothing(self, odd: Any) -> None:
        worker = make_worker()
        worker.load = odd
        assert blocked.of(worker) == []

    @pytest.mark.django_db
    def test_a_gpu_that_the_worker_does_not_have_is_not_told(self) -> None:
        assert blocked.of(tells(make_worker(gpus=1), FOREIGN)) == []


@pytest.mark.django_db
class TestExplaining:
    def test_who_holds_it_is_the_reason_that_a_job_waits(self) -> None:
        tells(make_worker(gpus=2), FOREIGN)
        found = explain(make_job(gpus=2))
        assert verdicts(found)["node1"] == (
            "busy",
            f"needs 2 GPUs: 1 of 2 is free; {TEXT}",
        )
        assert codes(found)[0] == "busy"
        assert found.summary == f"waits for 2 GPUs: node1 has 1 free ({TEXT})"
        assert found.estimate.at is None
        assert found.estimate.basis == "the GPUs that it needs are held by others or out of order"

    def test_a_job_that_fits_beside_it_could_start(self) -> None:
        worker = tells(make_worker(gpus=2), FOREIGN)
        job = make_job(gpus=1)
        assert verdicts(explain(job))["node1"][0] == "could_start"
        assert claim(worker, gpus=[0]).gpus == [0]

    def test_the_others_say_what_they_say(self) -> None:
        """A cluster: each worker speaks for itself, and only where it matters."""
        tells(make_worker("a", gpus=2), FOREIGN)
        tells(make_worker("b", gpus=2), {"index": 0, "why": "missing"})
        make_worker("c", gpus=1)
        found = explain(make_job(gpus=2))
        told = verdicts(found)
        assert TEXT in told["a"][1]
        assert "GPU 0 is not there any more" in told["b"][1]
        assert told["c"][0] == "unfit"
        assert "a has 1 free (GPU 1 is used by bob" in found.summary

    def test_when_it_is_free_again_it_is_not_spoken_of(self) -> None:
        worker = tells(make_worker(gpus=2), FOREIGN)
        tells(worker)
        assert verdicts(explain(make_job(gpus=2)))["node1"][0] == "could_start"

    def test_a_running_job_is_told_who_else_is_on_its_gpu(self) -> None:
        worker = make_worker(gpus=2)
        job = make_job(gpus=2)
        attempt = claim(worker)
        tells(worker, FOREIGN, running=[(job.pk, attempt.number)], now=after(1))
        assert TEXT in [each.text for each in explain(job, seconds=1).reasons]

    def test_gpus_are_not_kept_for_a_job_where_it_can_get_none(self) -> None:
        """As the claim itself has it: what is out is not in reach."""
        worker = make_worker(gpus=2)
        small = make_job(gpus=1)
        first = claim(worker, gpus=[0, 1])
        big = make_job(gpus=2)
        late = after(3600)
        run = [(small.pk, first.number)]
        sync(worker, gpus=[1], running=run, now=late)
        assert Worker.objects.get().reserved_for_id == big.pk
        load = sync_report({"load": {"blocked": [FOREIGN]}}).load
        sync(worker, gpus=[], running=run, now=late, load=load)
        other = make_job(gpus=1, now=late)
        assert verdicts(explain(other, seconds=3601))["node1"][0] == "busy"


@pytest.mark.django_db
class TestTold:
    def test_the_api_tells_programs(self) -> None:
        tells(make_worker(gpus=2, now=timezone.now()), FOREIGN, now=timezone.now())
        (told,) = owner().get("/api/v1/workers").json()["workers"]
        assert told["blocked_gpus"] == [
            {"index": 1, "why": "foreign", "text": TEXT, "processes": [BOB]}
        ]

    def test_of_an_agent_that_is_gone_nothing_is_told(self) -> None:
        long_ago = after(-3600, since=timezone.now())
        tells(make_worker(gpus=2, now=long_ago), FOREIGN, now=long_ago)
        assert owner().get("/api/v1/workers/node1").json()["blocked_gpus"] == []

    def test_the_driver_is_kept(self) -> None:
        body = {
            "worker_id": "node1",
            "hostname": "h",
            "gpus": [{"index": 0, "name": "A100", "uuid": "GPU-0", "driver_version": "550.54.15"}],
        }
        told = owner().post("/api/v1/workers/register", body, content_type="application/json")
        assert told.status_code == 200
        (gpu,) = owner().get("/api/v1/workers/node1").json()["gpus"]
        assert gpu["driver_version"] == "550.54.15"
