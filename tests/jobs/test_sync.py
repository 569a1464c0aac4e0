"""The exchange with an agent: the same claim again, the newer request, what is cancelled and what is lost."""

import pytest

from jobs import workers
from jobs.errors import NotFound, WorkerNameTaken
from jobs.models import Worker
from jobs.syncing import Report, exchange
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    claim,
    expire,
    finish,
    fresh,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


class TestTheSameClaimAgain:
    def test_an_answer_that_got_lost_is_given_once_more(self) -> None:
        for _ in range(2):
            make_job()
        worker = make_worker(gpus=2)
        first = sync(worker, claim_id="a", gpus=[0])
        again = sync(worker, claim_id="a", gpus=[0])
        assert [order.as_json() for order in again.jobs] == [o.as_json() for o in first.jobs]

    def test_a_job_that_the_agent_knows_is_not_given_again(self) -> None:
        job, worker = make_job(), make_worker()
        sync(worker, claim_id="a")
        assert sync(worker, claim_id="a", running=[(job.pk, 1)], gpus=[]).jobs == []

    def test_another_claim_is_new_work(self) -> None:
        make_job()
        second, worker = make_job(), make_worker(gpus=2)
        sync(worker, claim_id="a", gpus=[0])
        assert claim(worker, claim_id="b", gpus=[1]).job_id == second.pk

    def test_claims_without_a_name_are_never_the_same(self) -> None:
        make_job()
        second, worker = make_job(), make_worker(gpus=2)
        sync(worker, gpus=[0])
        assert claim(worker, gpus=[1]).job_id == second.pk

    def test_another_agent_does_not_get_it(self) -> None:
        make_job()
        sync(make_worker(), claim_id="a")
        assert sync(make_worker("node2"), claim_id="a").jobs == []

    def test_it_is_not_given_again_after_it_ended(self) -> None:
        make_job()
        worker = make_worker()
        finish(claim(worker, claim_id="a"))
        assert sync(worker, claim_id="a").jobs == []

    def test_an_answer_that_got_lost_is_given_to_a_draining_worker_too(self) -> None:
        make_job()
        worker = make_worker()
        sync(worker, claim_id="a")
        workers.set_draining("node1", True, actor="ada", now=NOON)
        assert len(sync(worker, claim_id="a", gpus=[]).jobs) == 1


class TestANewerRequest:
    def test_it_releases_the_older_one_with_nothing(self) -> None:
        worker = make_worker()
        older = sync(worker)
        newer = sync(worker)
        assert newer.serial == older.serial + 1
        make_job()
        released = sync(worker, serial=older.serial)
        assert released.released
        assert released.has_news()
        assert released.jobs == []
        assert len(sync(worker, serial=newer.serial).jobs) == 1

    def test_the_older_one_renews_nothing_any_more(self) -> None:
        job, worker = make_job(), make_worker()
        claim(worker)
        older = sync(worker, running=[(job.pk, 1)])
        sync(worker, running=[(job.pk, 1)])
        sync(worker, serial=older.serial, running=[(job.pk, 1)], now=after(50))
        assert fresh(job).lease_expires_at == after(60)


class TestCancel:
    def test_it_is_told_until_the_agent_says_that_it_knows(self) -> None:
        job, worker = make_job(), make_worker()
        claim(worker)
        cancel(job)
        pair = (job.pk, 1)
        assert sync(worker, running=[pair]).cancel == [pair]
        assert sync(worker, running=[pair]).cancel == [pair]
        quiet = sync(worker, running=[pair], cancelling=[pair])
        assert not quiet.has_news()

    def test_it_reaches_an_agent_that_comes_back_after_the_server_gave_up_on_it(self) -> None:
        """Cancelled while the agent was away; the sweep ended the job. The training must not go on for ever."""
        job, worker = make_job(), make_worker()
        claim(worker)
        cancel(job)
        expire(now=after(61))
        assert fresh(job).status == "cancelled"
        pair = (job.pk, 1)
        assert sync(worker, running=[pair], gpus=[], now=after(62)).cancel == [pair]
        assert not sync(
            worker, running=[pair], cancelling=[pair], gpus=[], now=after(63)
        ).has_news()


class TestLost:
    def test_a_superseded_attempt_is_called_lost(self) -> None:
        job, worker = make_job(), make_worker()
        claim(worker)
        expire(now=after(61))
        claim(make_worker("node2", now=after(62)), now=after(62))
        assert sync(worker, running=[(job.pk, 1)], now=after(63)).lost == [(job.pk, 1)]

    def test_an_attempt_of_another_worker_is_called_lost(self) -> None:
        """An agent that was restarted under another name cannot own what it finds on its disk."""
        job = make_job()
        claim(make_worker())
        assert sync(make_worker("node2"), running=[(job.pk, 1)]).lost == [(job.pk, 1)]

    @pytest.mark.parametrize("pair", [(999_999, 1), (1, 77)])
    def test_an_attempt_that_the_server_does_not_know_is_called_lost(
        self, pair: tuple[int, int]
    ) -> None:
        assert sync(make_worker(), running=[pair]).lost == [pair]

    def test_one_that_ended_in_order_is_not(self) -> None:
        """Its agent reports it as running while it still delivers the last bytes."""
        job, worker = make_job(), make_worker()
        finish(claim(worker))
        quiet = sync(worker, running=[(job.pk, 1)])
        assert not quiet.has_news()
        assert fresh(job).status == "completed"


class TestWhoIsAsking:
    def test_an_unknown_worker_has_to_register(self) -> None:
        with pytest.raises(NotFound, match="register"):
            exchange("nobody", Report(), now=NOON)

    def test_another_session_is_refused(self) -> None:
        worker = make_worker(session="one")
        with pytest.raises(WorkerNameTaken, match="node1"):
            sync(worker, session="two")
        assert sync(worker, session="one").serial == 1

    def test_a_sync_is_a_sign_of_life_with_the_load(self) -> None:
        worker = make_worker()
        Worker.objects.update(online=False)
        sync(worker, now=after(30), load={"cpu_percent": 3})
        stored = Worker.objects.get()
        assert (stored.heartbeat_at, stored.load, stored.online) == (
            after(30),
            {"cpu_percent": 3},
            True,
        )
