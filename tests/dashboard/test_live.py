"""Live pages read from their own cursor: nothing depends on a message having arrived."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async as in_thread
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from dashboard import consumers, watching
from dashboard.routing import websocket_urlpatterns
from dashboard.watching import Cursors, news
from jobs.models import Attempt, Job
from runs import feed
from runs.errors import Invalid
from tests.dashboard.conftest import NAN, begin, log, run_of, say
from tests.jobs import factories
from tests.jobs.factories import NOON
from whirr_site.access import run_tokens
from whirr_site.access.principals import startup_secret

Said = list[dict[str, Any]]


def types(messages: Said) -> list[str]:
    return [message["type"] for message in messages]


@pytest.mark.django_db
class TestNews:
    """What a watcher has not seen, without any socket."""

    def test_log_and_points_come_once_and_from_the_cursor_on(self) -> None:
        attempt = begin()
        say(attempt, b"one\n")
        log(attempt, loss=[3.0, NAN])
        key = run_of(attempt).key

        first, seen = news(key, Cursors(1, log=0, points={"loss": 0}), now=NOON)
        again, seen = news(key, seen, now=NOON)
        say(attempt, b"two\n")
        log(attempt, first=2, loss=[1.0])
        then, seen = news(key, seen, now=NOON)

        assert types(first) == ["log", "keys", "points", "header"]
        assert first[2]["series"]["loss"]["value"] == [3.0, "NaN"]
        assert again == []
        assert [then[0]["text"], then[0]["offset"]] == ["two\n", 4]
        assert then[1]["series"]["loss"] == {
            "from": 2,
            "step": [2],
            "value": [1.0],
            "time": then[1]["series"]["loss"]["time"],
        }
        assert (seen.log, seen.points) == (8, {"loss": 3})

    def test_only_the_series_on_the_screen_are_sent(self) -> None:
        attempt = begin()
        log(attempt, loss=[1.0], acc=[0.5])

        messages, _ = news(run_of(attempt).key, Cursors(1, points={"acc": 0}, keys=2), now=NOON)

        assert list(messages[0]["series"]) == ["acc"]

    def test_who_is_far_behind_fetches_the_figure_anew(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watching, "POINTS_AT_ONCE", 10)
        attempt = begin()
        log(attempt, loss=[1.0] * 50)

        messages, seen = news(run_of(attempt).key, Cursors(1, points={"loss": 3}, keys=1), now=NOON)

        assert messages[0] == {"type": "behind", "keys": ["loss"]}
        assert seen.points == {"loss": 50}

    def test_a_new_attempt_is_announced_to_those_who_watch_the_newest(self) -> None:
        attempt = begin(retries=1)
        factories.finish(attempt, exit_code=1)
        Job.objects.update(not_before=None)
        factories.claim(attempt.worker)  # type: ignore[arg-type]
        key = run_of(attempt).key

        watcher, _ = news(key, Cursors(1, log=0), now=NOON)
        reader, _ = news(key, Cursors(1, log=0, newest=False), now=NOON)

        assert watcher == [{"type": "attempt", "attempt": 2}]
        assert "attempt" not in types(reader)

    def test_the_end_is_said_once_nothing_more_can_come(self) -> None:
        attempt = begin()
        factories.finish(attempt, now=NOON)
        key = run_of(attempt).key

        _, seen = news(key, Cursors(1, log=0), now=NOON)
        soon, _ = news(key, seen, now=NOON + timedelta(seconds=1))
        late, _ = news(key, seen, now=NOON + timedelta(minutes=1))

        assert (soon, types(late)) == ([], ["end"])

    def test_a_cancel_changes_the_header(self) -> None:
        attempt = begin()
        before = watching.version(run_of(attempt))

        factories.cancel(attempt.job)

        assert watching.version(run_of(attempt)) != before

    @pytest.mark.parametrize(
        "said",
        [
            None,
            [],
            "x",
            {"attempt": "1"},
            {"attempt": -1},
            {"log": 1.5},
            {"log": True},
            {"points": {"loss": None}},
            {"points": [1]},
            {"points": {str(n): 0 for n in range(500)}},
            {"attempt": 2**80},
        ],
    )
    def test_cursors_that_cannot_be_meant(self, said: object) -> None:
        with pytest.raises(Invalid):
            Cursors.of(said)

    def test_a_version_that_is_no_text_is_none(self) -> None:
        deep: list[object] = []
        for _ in range(100_000):
            deep = [deep]
        assert Cursors.of({"attempt": 1, "version": deep}).version == ""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (consumers.Watcher, consumers.RunConsumer):
        monkeypatch.setattr(kind, "push_every", 0.02)
    monkeypatch.setattr(consumers.Watcher, "look_every", 0.2)


def socket(path: str, token: str | None = None) -> WebsocketCommunicator:
    bearer = f"Bearer {startup_secret() if token is None else token}".encode()
    return WebsocketCommunicator(
        URLRouter(websocket_urlpatterns), path, headers=[(b"authorization", bearer)]
    )


@pytest.fixture
async def watched(transactional_db: None) -> AsyncIterator[tuple[WebsocketCommunicator, Attempt]]:
    """A running job, and a page that watches it."""
    attempt = await in_thread(begin)()
    page = socket(f"/ws/runs/job-{attempt.job_id}/")
    assert (await page.connect(timeout=30))[0]
    yield page, attempt
    await page.disconnect(timeout=30)


async def hear(page: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    async with asyncio.timeout(30):
        while True:
            message: dict[str, Any] = await page.receive_json_from(timeout=30)
            if message["type"] == kind:
                return message


async def test_output_and_points_arrive_without_any_message(
    watched: tuple[WebsocketCommunicator, Attempt],
) -> None:
    page, attempt = watched
    await page.send_json_to({"attempt": 1, "log": 0, "points": {"loss": 0}})

    await in_thread(say)(attempt, "grün\n".encode())
    await in_thread(log)(attempt, loss=[2.0])

    assert (await hear(page, "log"))["text"] == "grün\n"
    assert (await hear(page, "points"))["series"]["loss"]["value"] == [2.0]


async def test_a_doorbell_is_answered_before_the_next_look(
    watched: tuple[WebsocketCommunicator, Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, attempt = watched
    await page.send_json_to({"attempt": 1, "log": 0})
    await hear(page, "header")
    monkeypatch.setattr(consumers.Watcher, "look_every", 60)
    await asyncio.sleep(0.3)
    await in_thread(say)(attempt, b"now\n")

    group = feed.run_group(f"job-{attempt.job_id}")
    await get_channel_layer().group_send(group, {"type": "look.again", "group": group})

    assert (await hear(page, "log"))["text"] == "now\n"


async def test_a_page_that_comes_back_goes_on_where_it_was(
    watched: tuple[WebsocketCommunicator, Attempt],
) -> None:
    _, attempt = watched
    await in_thread(say)(attempt, b"seen\nnot yet\n")
    page = socket(f"/ws/runs/job-{attempt.job_id}/")
    await page.connect(timeout=30)

    await page.send_json_to({"attempt": 1, "log": 5})

    assert (await hear(page, "log"))["text"] == "not yet\n"
    await page.disconnect(timeout=30)


async def test_nonsense_is_answered_and_the_socket_lives_on(
    watched: tuple[WebsocketCommunicator, Attempt],
) -> None:
    page, attempt = watched
    for nonsense in ("{not json", "[" * 100_000, '{"a":' * 50_000):
        await page.send_to(text_data=nonsense)
        assert (await hear(page, "error"))["detail"]
    await page.send_json_to({"attempt": "one"})
    assert (await hear(page, "error"))["detail"]

    await page.send_json_to({"attempt": 1, "log": 0})
    await in_thread(say)(attempt, b"still here\n")

    assert (await hear(page, "log"))["text"] == "still here\n"


async def closed_with(page: WebsocketCommunicator) -> int:
    assert (await page.connect(timeout=30))[0]  # accepted first: a code reaches a browser only then
    closing = await page.receive_output(timeout=30)
    return int(closing["code"])


@pytest.mark.parametrize("path", ["/ws/queue/", "/ws/runs/job-1/"])
async def test_nobody_may_watch(transactional_db: None, path: str) -> None:
    assert await closed_with(socket(path, token="")) == 4401
    assert await closed_with(socket(path, token="wrong")) == 4401


async def test_a_run_that_is_not_there_is_gone(transactional_db: None) -> None:
    assert await closed_with(socket("/ws/runs/job-99999999/")) == 4404


async def test_a_runs_own_token_watches_that_run_alone(
    watched: tuple[WebsocketCommunicator, Attempt],
) -> None:
    _, attempt = watched
    key = f"job-{attempt.job_id}"
    token = run_tokens.make(key, 1)
    own = socket(f"/ws/runs/{key}/", token=token)

    assert (await own.connect(timeout=30))[0]
    assert await own.receive_nothing(timeout=0.2)
    await own.disconnect(timeout=30)
    assert await closed_with(socket("/ws/queue/", token=token)) == 4401
    assert await closed_with(socket("/ws/runs/job-99999999/", token=token)) == 4401


async def test_two_pages_never_see_each_others_runs(transactional_db: None) -> None:
    worker = await in_thread(factories.make_worker)(gpus=2)
    attempts = [await in_thread(begin)(worker) for _ in range(2)]
    pages = [socket(f"/ws/runs/job-{attempt.job_id}/") for attempt in attempts]
    for page, attempt in zip(pages, attempts, strict=True):
        await page.connect(timeout=30)
        await page.send_json_to({"attempt": 1, "log": 0})
        await in_thread(say)(attempt, f"only {attempt.job_id}\n".encode())

    for page, attempt in zip(pages, attempts, strict=True):
        assert (await hear(page, "log"))["text"] == f"only {attempt.job_id}\n"
        await page.disconnect(timeout=30)


async def test_a_right_that_was_taken_away_closes_the_socket(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "ASK_AGAIN_EVERY", 0.0)
    page = socket("/ws/queue/")
    await page.connect(timeout=30)
    await hear(page, "changed")

    monkeypatch.setattr(consumers, "of_scope", lambda scope: None)

    assert (await page.receive_output(timeout=30))["code"] == 4401


async def test_the_queue_rings_once_for_each_change(transactional_db: None) -> None:
    page = socket("/ws/queue/")
    await page.connect(timeout=30)
    assert (await hear(page, "changed")) == {"type": "changed"}
    assert await page.receive_nothing(timeout=0.5)

    await in_thread(factories.make_job)()

    await hear(page, "changed")
    assert await page.receive_nothing(timeout=0.5)
    await page.disconnect(timeout=30)
