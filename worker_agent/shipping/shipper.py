"""The one thread that sends: streams while jobs run, outcomes when they ended, or hours later."""

from __future__ import annotations

import time
from _thread import allocate_lock

from whirr.shipping.target import Route, Target
from whirr.wire import LeaseLost, NotAllowed, Unreachable, layout
from whirr.wire.lean import TYPE_CHECKING
from worker_agent import records
from worker_agent.shipping import delivered
from worker_agent.shipping.delivery import Delivery
from worker_agent.shipping.lookout import Lookout
from worker_agent.threads import Thread
from worker_agent.wake import Wake, uneven

if TYPE_CHECKING:
    from collections.abc import Callable

    from whirr.shipping.growth import Growth
    from whirr.wire import Client
    from whirr.wire.files import AnyPath
    from worker_agent.log import Log
    from worker_agent.order import Key
    from worker_agent.records import Record
    from worker_agent.shipping.room import Room

_INTERVALS = (0.1, 60.0)  # what the server may ask for
_BACKOFF = (0.5, 30.0)
_ARTIFACTS_A_TURN = 0.5  # seconds


class Shipper:
    def __init__(
        self,
        client: Client,
        worker_id: str,
        data_dir: AnyPath,
        log: Log,
        *,
        bandwidth: float | None,
        on_lost: Callable[[Key], None],
        on_acknowledged: Callable[[Key], None],
        room: Room | None = None,
    ) -> None:
        self.interval = 1.0
        self._worker_id = worker_id
        self._data_dir = data_dir
        self._log = log
        self._on_lost = on_lost
        self._on_acknowledged = on_acknowledged
        self._room = room
        self._wake = Wake()
        self._route = Route(client, bandwidth, self._pass_time)
        self._apart = False  # whether the server surely has files of its own
        self._lock = allocate_lock()
        self._deliveries: dict[Key, Delivery] = {}
        self._emptied = Wake()
        self._failures = 0  # turns in a row that came to a stop
        self._stuck = 0  # of those, the ones without any progress
        self._taken = 0
        self._stopping = False
        self._hurried = False
        self._thread = Thread(self._run)
        self._lookout = Lookout(self._growing)

    def start(self, *, shared: bool, apart: bool) -> None:
        """Begin (or go on) sending.

        `shared`: the server sees the very same files; `apart`: it surely does not. Where neither is sure, all is sent
        and nothing deleted.
        """
        self._route.shared = shared
        self._apart = apart and not shared
        if not self._thread.is_alive() and not self._stopping:
            self._thread.start()
            self._lookout.start()

    # Called by the main thread.

    def follow(self, record: Record, *, resumed: bool = False) -> None:
        folder = f"{self._data_dir}/{layout.attempt_path(record.run_id, record.attempt)}"
        target = Target(self._route, record.run_id, record.attempt)
        with self._lock:
            self._deliveries[record.key] = Delivery(
                record, folder, target, self._log, resumed=resumed
            )
        self._wake.ring()
        self._lookout.ring()

    def ended(self, key: Key) -> None:
        """The outcome is on record: send the rest and report."""
        with self._lock:
            delivery = self._deliveries.get(key)
            if delivery is not None:
                delivery.over = True
        self._wake.ring()

    def nudge(self) -> None:
        """There may be something to do."""
        self._wake.ring()

    def forget(self, key: Key) -> None:
        """The attempt is not ours any more: not a byte more of it."""
        with self._lock:
            self._deliveries.pop(key, None)

    @property
    def idle(self) -> bool:
        with self._lock:
            return not self._deliveries

    def stop(self, patience: float) -> None:
        """Deliver what can be delivered in that time; the rest stays on disk for the next start."""
        until = time.monotonic() + patience
        while not (self.idle or self._hurried) and time.monotonic() < until:
            self._emptied.clear()
            if not (self.idle or self._hurried):
                self._emptied.wait(until - time.monotonic())
        self._stopping = True
        self._wake.ring()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def hurry(self) -> None:
        """Whoever waits in `stop` has waited long enough. May be called by a signal handler."""
        self._hurried = True
        self._emptied.ring()

    # The threads.

    def _growing(self) -> list[Growth]:
        """The logs of what runs."""
        with self._lock:
            return [each.growth for each in self._deliveries.values() if not each.over]

    def _pass_time(self, seconds: float) -> None:
        if not self._stopping:
            time.sleep(seconds)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                if self._room is not None:
                    self._room.step(delete=self._apart)
                pause = self._turn()
            except Exception as error:  # a dead thread would deliver nothing ever again
                pause = self._back_off(error)
            self._wake.wait(pause)

    def _turn(self) -> float:
        """Give each attempt its turn; how long to wait before the next."""
        with self._lock:
            deliveries = list(self._deliveries.values())
        try:
            more = False
            for delivery in deliveries:
                more = self._attend(delivery, self._step) or more
            pause = self._send_artifacts(deliveries)
        except (Unreachable, NotAllowed) as error:
            return self._back_off(error)
        if deliveries and self._failures:
            self._log.info("the server takes deliveries again")
            self._failures = self._stuck = 0
        return 0.0 if more else pause

    def _send_artifacts(self, deliveries: list[Delivery]) -> float:
        """Parts of them, for a moment: everything else overtakes them. How long to wait for the next turn."""
        until = time.monotonic() + _ARTIFACTS_A_TURN
        sent = False
        for delivery in deliveries:
            if not delivery.waits_with_artifacts or time.monotonic() < delivery.not_before:
                continue
            busy = self._route.busy_for()
            if busy > 0:  # the next turn comes as soon as the line is free, or something small does
                return min(busy, self.interval)
            if sent and time.monotonic() >= until:
                return 0.0
            sent = self._attend(delivery, self._send_artifact) or sent
            self._put_last(delivery)
        return 0.0 if sent else self.interval

    def _attend(self, delivery: Delivery, act: Callable[[Delivery], bool]) -> bool:
        """Do it for this attempt; whatever goes wrong with it alone, the others go on."""
        if time.monotonic() < delivery.not_before:
            return False
        before = self._route.taken
        try:
            more = act(delivery)
            if (
                not delivery.waits_with_artifacts
            ):  # else it may be one of them that it stumbles over
                delivery.stumbles = 0
        except (Unreachable, NotAllowed) as error:
            if not _concerns_all(error):
                self._stumbled(delivery, error)
                return False
            # Should it be this one's fault after all, the others come first next time.
            self._put_last(delivery)
            if error.status is not None and self._route.taken == before:
                delivery.stumbles += 1
                delivery.not_before = time.monotonic() + _pause(delivery.stumbles)
            raise
        except LeaseLost:
            self._drop(delivery)
            self._on_lost(delivery.key)
            return False
        except Exception as error:
            self._stumbled(delivery, error)
            return False
        return more

    def _send_artifact(self, delivery: Delivery) -> bool:
        delivery.send_artifact()
        return True

    def _put_last(self, delivery: Delivery) -> None:
        """It is the others' turn."""
        with self._lock:
            if self._deliveries.pop(delivery.key, None) is delivery:
                self._deliveries[delivery.key] = delivery

    def _step(self, delivery: Delivery) -> bool:
        more = delivery.step(self._route.client, self._worker_id)
        wanted = delivery.take_interval()
        if wanted is not None and wanted < self.interval:
            self.steer(wanted)  # longer ones only by sync: the server counts on what it told there
        if delivery.acknowledged:
            self._on_acknowledged(delivery.key)
        if delivery.complete:
            self._drop(delivery)
            if delivery.whole and self._apart:
                delivered.mark(delivery.folder, final=delivery.record.final, sent=delivery.sent())
            records.delete(delivery.record.folder, delivery.key)
        return more

    def steer(self, interval: float) -> None:
        """How often to send: the server wants it soon while somebody watches."""
        before, self.interval = self.interval, min(max(interval, _INTERVALS[0]), _INTERVALS[1])
        if self.interval < before:
            self._wake.ring()

    def _drop(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.pop(delivery.key, None)
            if not self._deliveries:
                self._emptied.ring()

    def _back_off(self, error: Exception) -> float:
        self._failures += 1
        if self._failures == 1:
            self._log.warning(f"cannot deliver now, will go on trying: {error}")
        # A network that loses every third request is no outage: where something got through, try again soon.
        self._stuck = 1 if self._route.taken > self._taken else self._stuck + 1
        self._taken = self._route.taken
        return _pause(self._stuck)

    def _stumbled(self, delivery: Delivery, error: Exception) -> None:
        delivery.stumbles += 1
        if delivery.stumbles == 1:
            why = f"cannot deliver it now, will go on trying: {error!r}"
            self._log.error(f"job {delivery.record.job_id}: {why}")
        delivery.not_before = time.monotonic() + _pause(delivery.stumbles)


def _concerns_all(error: Unreachable | NotAllowed) -> bool:
    """Whether the others would hear the same: no answer, one that is busy, a token it does not know."""
    return error.status in {None, 401, 429, 502, 503, 504}


def _pause(failures: int) -> float:
    return uneven(min(_BACKOFF[0] * 2 ** min(failures - 1, 10), _BACKOFF[1]))
