"""Workers come and go: a name belongs to one live agent, and a node says what it has."""

from datetime import datetime
from typing import Any

import pytest

from jobs import selectors, workers
from jobs.errors import Invalid, NotFound, WorkerNameTaken
from jobs.models import Worker
from jobs.states import WorkerStatus
from tests.jobs.factories import after, claim, make_job, make_worker
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db


class TestAName:
    def test_it_is_refused_while_another_session_is_online(self) -> None:
        make_worker(session="one")
        with pytest.raises(WorkerNameTaken, match="--name"):
            make_worker(session="two", now=after(10))
        assert Worker.objects.get().session == "one"

    def test_an_agent_that_names_no_session_does_not_get_it_either(self) -> None:
        make_worker(session="one")
        with pytest.raises(WorkerNameTaken):
            make_worker(session="", now=after(10))

    def test_a_restarted_agent_gets_its_own_name_back(self) -> None:
        make_worker(session="one")
        make_worker(session="one", gpus=4, now=after(10))
        assert len(Worker.objects.get().gpus) == 4

    def test_it_is_free_after_a_goodbye(self) -> None:
        make_worker(session="one")
        workers.unregister("node1", now=after(1))
        make_worker(session="two", now=after(2))
        assert Worker.objects.get().session == "two"

    def test_it_is_free_once_its_agent_is_silent_for_long(self) -> None:
        make_worker(session="one")
        with pytest.raises(WorkerNameTaken):
            make_worker(session="two", now=after(74))
        make_worker(session="two", now=after(75))

    def test_two_old_workers_may_share_it(self) -> None:
        """whirr 0.5 has no sessions, and registers anew with every start."""
        make_worker()
        assert make_worker(now=after(1)).heartbeat_at == after(1)

    @pytest.mark.parametrize("name", ["", "   ", "a/b"])
    def test_one_that_no_address_can_hold_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid):
            make_worker(name)

    def test_registering_keeps_drain_and_disable(self) -> None:
        make_worker()
        workers.set_draining("node1", True, actor="ada", now=after(0))
        workers.set_disabled("node1", True, actor="ada", now=after(0))
        make_worker(now=after(5))
        stored = Worker.objects.get()
        assert (stored.draining, stored.disabled) == (True, True)
        assert (stored.registered_at, stored.heartbeat_at) == (after(0), after(5))


@pytest.mark.parametrize("step", [workers.set_disabled, workers.set_draining])
def test_an_unknown_worker_is_not_found(step: Any, now: datetime) -> None:
    with pytest.raises(NotFound):
        step("nobody", True, actor="ada", now=now)
    with pytest.raises(NotFound):
        workers.unregister("nobody", now=now)


class TestItsStatus:
    def status(self, seconds: float = 0) -> WorkerStatus:
        (view,) = selectors.workers(now=after(seconds))
        return view.status

    def test_idle_busy_draining_disabled_offline(self) -> None:
        worker = make_worker(gpus=2)
        assert self.status() == WorkerStatus.IDLE
        make_job()
        attempt = claim(worker)
        assert self.status() == WorkerStatus.BUSY
        (view,) = selectors.workers(now=after(0))
        assert [each.pk for each in view.attempts] == [attempt.pk]
        assert {index: each.pk for index, each in view.by_gpu.items()} == {0: attempt.pk}
        workers.set_draining("node1", True, actor="ada", now=after(0))
        assert self.status() == WorkerStatus.DRAINING
        workers.set_disabled("node1", True, actor="ada", now=after(0))
        assert self.status() == WorkerStatus.DISABLED
        assert self.status(seconds=75) == WorkerStatus.OFFLINE

    def test_a_goodbye_is_offline_at_once(self) -> None:
        make_worker()
        workers.unregister("node1", now=after(1))
        assert self.status(seconds=1) == WorkerStatus.OFFLINE


class TestTheCalls:
    def test_registering_answers_with_the_store(self, data_dir: Any) -> None:
        answer = post(
            owner(),
            "/api/v1/workers/register",
            {"worker_id": "n", "hostname": "h", "gpu_ids": [0, 2]},
        )
        assert answer.status_code == 200
        told = answer.json()
        assert told["success"] is True
        assert (told["worker_id"], told["lease_seconds"]) == ("n", 60)
        assert told["store_id"] == (data_dir / "store-id").read_text().strip()
        assert [each["index"] for each in Worker.objects.get().gpus] == [0, 2]

    def test_the_store_is_seen_where_the_agent_just_wrote_into_it(self, data_dir: Any) -> None:
        session, proof = "a" * 32, "b" * 32
        told = {"worker_id": "n", "hostname": "h", "session": session, "store_proof": proof}

        def seen(**more: str) -> bool:
            answer = post(owner(), "/api/v1/workers/register", told | more)
            assert answer.status_code == 200
            return bool(answer.json()["store_seen"])

        assert not seen()
        file = data_dir / f".store-proof-{session}"
        file.write_text("c" * 32)  # of an earlier registration, or copied
        assert not seen()
        file.write_text(proof)
        assert seen()
        assert not seen(store_proof="")

    def test_a_proof_names_no_other_file(self, data_dir: Any) -> None:
        (data_dir / "x").write_text("b" * 32)
        (data_dir / f".store-proof-{'a' * 32}").symlink_to(data_dir / "x")
        told = {"worker_id": "n", "hostname": "h", "store_proof": "b" * 32}
        for session in ("a" * 32, "x", "/../x", "../x"):
            answer = post(owner(), "/api/v1/workers/register", {**told, "session": session})
            assert answer.json().get("store_seen") is not True

    def test_a_taken_name_is_409(self) -> None:
        make_worker(session="one", now=datetime.now().astimezone())
        body = {"worker_id": "node1", "hostname": "h", "session": "two"}
        answer = post(owner(), "/api/v1/workers/register", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "worker_name_taken")

    @pytest.mark.parametrize("path", ["workers/unregister", "workers/node1/unregister"])
    def test_saying_goodbye_both_ways(self, path: str) -> None:
        make_worker()
        answer = post(owner(), f"/api/v1/{path}", {"worker_id": "node1"})
        assert (answer.status_code, answer.json()["success"]) == (200, True)
        assert not Worker.objects.get().online

    @pytest.mark.parametrize(
        "path", ["workers/unregister", "workers/x/unregister", "workers/x/sync"]
    )
    def test_a_stranger_is_404(self, path: str) -> None:
        answer = post(owner(), f"/api/v1/{path}", {"worker_id": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("worker_id", ""),
            ("worker_id", "x" * 129),
            ("worker_id", "a/b"),
            ("hostname", None),
            ("gpu_ids", [-1]),
            ("gpus", [{"name": "no index"}]),
            ("slots", 1025),
            ("memory_mb", 10**12),
            ("memory_mb", -1),
            ("cpu_count", 10**12),
            ("tags", "fast"),
            ("session", "s" * 65),
        ],
    )
    def test_a_description_that_cannot_be_meant_is_refused_by_name(
        self, field: str, value: Any
    ) -> None:
        body = {"worker_id": "n", "hostname": "h"} | {field: value}
        answer = post(owner(), "/api/v1/workers/register", body)
        assert answer.status_code == 400
        assert field in answer.json()["fields"]
        assert not Worker.objects.exists()
