"""The held call: one thread that tells the server what is free and hears what to do."""

from __future__ import annotations

import os
import time

from whirr.wire import (
    Client,
    Interrupted,
    LeaseLost,
    NotAllowed,
    NotFound,
    Refused,
    Unreachable,
)
from whirr.wire.lean import TYPE_CHECKING
from worker_agent import hints, kernel
from worker_agent.order import BadOrder, parse
from worker_agent.threads import Thread
from worker_agent.wake import Wake, uneven

if TYPE_CHECKING:
    from typing import Any, Protocol

    from worker_agent.board import Board
    from worker_agent.hardware import Load
    from worker_agent.log import Log
    from worker_agent.order import Key, Order

    class Listener(Protocol):
        """Who acts on what the server says. Called from the link's thread."""

        def challenge(self) -> dict[str, str]: ...
        def registered(self, answer: dict[str, Any]) -> None: ...
        def order(self, order: Order) -> None: ...
        def cancel(self, key: Key) -> None: ...
        def lost(self, key: Key) -> None: ...
        def steer(self, interval: float) -> None: ...
        def refused(self, why: str) -> None: ...


_FIRST_PAUSE = 0.5
_QUICK = 1.0  # an empty answer that came sooner than this was not held
_QUICK_ALLOWED = 2
_ANSWER_SLACK = 10.0  # how long a held call may be overdue


class Timing:
    """The intervals of the conversation, kept in the proportions that make leases safe."""

    def __init__(self, *, lease: float, heartbeat: float, poll: float) -> None:
        self.lease = lease
        self.poll = poll
        self._hold = max(1.0, min(20.0, heartbeat, lease / 3))

    def hold(self, *, exclusive: bool) -> float:
        """Exclusive jobs stop before the lease ends: frequent news gives an outage more room."""
        return max(1.0, min(self._hold, self.lease / 6)) if exclusive else self._hold

    def pause(self, failures: int) -> float:
        """After an error; random, so that a rack of agents does not knock in step."""
        return uneven(min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), self.poll))


class Link:
    def __init__(
        self,
        client: Client,
        registration: dict[str, Any],
        *,
        board: Board,
        load: Load,
        timing: Timing,
        log: Log,
        listener: Listener,
    ) -> None:
        self.wake = Wake()
        self._client = client
        self._registration = registration
        self._board = board
        self._load = load
        self._timing = timing
        self._log = log
        self._listener = listener
        self._path = f"/api/v1/workers/{registration['worker_id']}/"
        self._claim_id = _random_text()
        self._turn = 0  # numbers our calls: one that a later one overtook claims nothing
        self._registered = False
        self._met = False  # it has registered us at least once
        self._failures = 0
        self._quick_answers = 0
        self._ship_interval = 0.0  # what we were told last
        self._mood = ""
        self._stopping = False
        self._thread = Thread(self._run)

    def start(self) -> None:
        self._thread.start()

    def hang_up(self) -> None:
        """End the conversation: no order comes after this."""
        self._stopping = True
        self.wake.ring()
        self._thread.join()  # every wait in it can be interrupted, but for a name look-up

    def unregister(self) -> None:
        """Say good-bye: the server need not wait for a lease to know that we left."""
        try:
            self._client.post(self._path + "unregister", {}, timeout=3.0)
        except (Unreachable, Refused) as error:
            self._log.info(f"could not unregister: {error}")

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._converse()
            except Interrupted:
                continue
            except NotFound:
                self._unknown()
            except Unreachable as error:
                self._failed(f"cannot reach the server, will go on trying: {self._say(error)}")
            except Refused as error:
                self._refused(error)
            except Exception as error:  # a dead thread would hear of no job ever again
                self._failed(f"cannot talk to the server, will go on trying: {error!r}")

    def _converse(self) -> None:
        self.wake.clear()
        if self._stopping:  # it may have rung just before it was cleared
            return
        if not self._registered:
            self._register()
        self._sync()
        if self._failures > 0:
            self._log.info("the server answers again")
        self._failures = 0

    def _register(self) -> None:
        answer = self._client.post(
            "/api/v1/workers/register",
            {**self._registration, **self._listener.challenge()},
            wake_fd=self.wake.fileno(),
            repeatable=True,
        ).json()
        fields = answer if isinstance(answer, dict) else {}
        self._registered = self._met = True
        self._log.info(f"registered as {self._registration['worker_id']}")
        self._listener.registered(fields)

    def _sync(self) -> None:
        exclusive = self._board.holds_exclusive()
        hold = self._timing.hold(exclusive=exclusive)
        body = self._status(hold)
        running = [(each["job_id"], each["attempt"]) for each in body["running"]]
        asked_at, lease_from = time.monotonic(), kernel.now()
        answer = self._client.post(
            self._path + "sync",
            body,
            timeout=hold + _ANSWER_SLACK,
            wake_fd=self.wake.fileno(),
            repeatable=True,
        ).json()
        if not isinstance(answer, dict):
            raise Unreachable("a sync answer that is no object")
        lost = _keys(answer.get("lost"))
        until = lease_from + self._timing.lease
        self._board.renewed([key for key in running if key not in lost], until)
        cancelled = _keys(answer.get("cancel"))
        for key in cancelled:
            self._board.is_cancelling(key)
            self._listener.cancel(key)
        for key in lost:
            self._board.is_lost(key)
            self._listener.lost(key)
        orders = self._take_orders(answer.get("jobs"), until)
        if answer.get("jobs"):
            # An empty answer may mean that an older call of ours overtook this one, and that the job which it claimed
            # went nowhere: asking by the same name again brings it.
            self._claim_id = _random_text()
        self._note(answer)
        self._pause_unless_held(
            time.monotonic() - asked_at, quiet=not (orders or cancelled or lost)
        )

    def _status(self, hold: float) -> dict[str, Any]:
        accepting = self._board.accepting and not self._board.disk_low
        self._turn += 1
        return {
            "session": self._registration["session"],
            "turn": self._turn,
            "claim_id": self._claim_id,
            "free_gpus": self._board.free_gpus() if accepting else [],
            "free_slots": self._board.free_slots() if accepting else 0,
            "accepting": accepting,
            "running": self._board.report(),
            "lease_seconds": int(self._timing.lease),
            "hold_seconds": int(hold),
            "ship_interval": self._ship_interval,
            "load": {
                **self._load.now(),
                **self._board.notes(),
                "blocked": self._board.blocked(),
                "clock": time.time(),
            },
        }

    def _take_orders(self, raw: Any, lease_until: float) -> int:
        taken = 0
        for each in raw if isinstance(raw, list) else []:
            try:
                order = parse(each)
            except BadOrder as error:
                self._log.error(str(error))
                continue
            taken += 1
            if self._board.take(order, lease_until):
                self._listener.order(order)
        return taken

    def _note(self, answer: dict[str, Any]) -> None:
        interval = answer.get("ship_interval")
        if isinstance(interval, (int, float)):
            self._ship_interval = float(interval)
            self._listener.steer(self._ship_interval)
        mood = " and ".join(word for word in ("draining", "disabled") if answer.get(word))
        if mood != self._mood:
            self._log.info(f"the server says: {mood or 'work'}")
            self._mood = mood

    def _pause_unless_held(self, took: float, *, quiet: bool) -> None:
        """A server that cannot hold calls answers at once: then ask now and then."""
        if not quiet or took >= _QUICK:
            self._quick_answers = 0
            return
        self._quick_answers += 1
        if self._quick_answers > _QUICK_ALLOWED:
            self.wake.wait(self._timing.pause(10))

    def _unknown(self) -> None:
        """The server does not know us: it is new, or was reset. Introduce ourselves again."""
        if self._registered:
            self._registered = False
            return
        self._failed("the server does not know how to register agents: is the address right?")

    def _refused(self, error: Refused) -> None:
        if self._first_contact(error):
            self._stopping = True
            self._listener.refused(error.detail)
            return
        if not isinstance(error, LeaseLost):
            self._registered = False
        self._failed(f"the server refuses ({error.status}): {self._say(error)}")

    def _say(self, error: Unreachable | Refused) -> str:
        """Once it has answered as it should, an error is a matter of time and not of the address."""
        return error.detail if self._met else hints.about(error)

    def _first_contact(self, error: Refused) -> bool:
        """Whether to give up: only before any job, so that no night's work ends over a token."""
        hopeless = isinstance(error, NotAllowed) or error.code == "worker_name_taken"
        return hopeless and not self._registered and not self._board.owns_something()

    def _failed(self, why: str) -> None:
        self._client.close()
        if self._failures == 0:
            self._log.warning(why)
        self._failures += 1
        self.wake.wait(self._timing.pause(self._failures))


def _keys(raw: Any) -> list[Key]:
    found = []
    for each in raw if isinstance(raw, list) else []:
        if isinstance(each, dict) and "job_id" in each and "attempt" in each:
            found.append((int(each["job_id"]), int(each["attempt"])))
    return found


def _random_text() -> str:
    return os.urandom(16).hex()
