"""The agent as a whole: its three threads, what they tell each other, and how it stops."""

from __future__ import annotations

import time

from whirr import __version__
from whirr.shipping.shared_store import SharedStore
from whirr.wire import Client
from whirr.wire.lean import TYPE_CHECKING, signal
from worker_agent import codes, hardware, records
from worker_agent.board import Board
from worker_agent.guard import Guard
from worker_agent.hardware import Load
from worker_agent.link import Link, Timing
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.settings import Settings
from worker_agent.shipping.room import Room
from worker_agent.shipping.shipper import Shipper
from worker_agent.smi import Gpu
from worker_agent.state import State
from worker_agent.supervisor import Supervisor
from worker_agent.sweep import sweep
from worker_agent.usage import Usage
from worker_agent.wake import Wake
from worker_agent.watch import Watch

if TYPE_CHECKING:
    from typing import Any

    from worker_agent.cgroup import Place
    from worker_agent.order import Key, Order

_LAST_DELIVERY = 30.0  # how long to wait for the server at the end; the rest waits on disk
_BREATH = 1.0  # after a turn of the loop that failed


class Agent:
    def __init__(
        self,
        settings: Settings,
        gpus: list[Gpu],
        state: State,
        guard: Guard,
        log: Log,
        place: Place | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._guard = guard
        self._log = log
        self._signals = 0
        self._heeded = 0
        self._stumbled = False  # the last turn failed
        self._closing = False  # jobs are over; what is left is delivered
        self._refused = ""
        self._wake = Wake()
        self._shared_store = SharedStore(settings.data_dir, state.session())
        token = settings.token or None
        indices = tuple(gpu.index for gpu in gpus)
        self._board = Board(indices, settings.slots)
        if settings.bandwidth is not None:
            self._board.note(bandwidth_bytes_per_second=int(settings.bandwidth))
        self._room = Room(
            settings.data_dir, settings.keep_free, self._board, log, changed=self._room_changed
        )
        self._shipper = Shipper(
            Client(settings.server, token, timeout=30.0),
            settings.name,
            settings.data_dir,
            log,
            bandwidth=settings.bandwidth,
            on_lost=lambda key: self._supervisor.lose(key, for_good=True),
            on_acknowledged=self._board.done_with,
            room=self._room,
        )
        timing = Timing(
            lease=settings.lease_seconds,
            heartbeat=settings.heartbeat_interval,
            poll=settings.poll_interval,
        )
        self._watch = Watch(
            gpus,
            self._board,
            log,
            data_dir=settings.data_dir,
            every=timing.hold(exclusive=False),
            changed=lambda: self._link.wake.ring(),  # from the watch's thread
        )
        names = {gpu.index: gpu.uuid for gpu in gpus}
        self._supervisor = Supervisor(
            board=self._board,
            shipper=self._shipper,
            wake=self._wake,
            state_folder=state.records,
            data_dir=settings.data_dir,
            server_url=settings.server,
            gpu_names=names if settings.gpu_ids == "uuid" else None,
            lease_seconds=settings.lease_seconds,
            log=log,
            place=place,
            guard=guard,
        )
        self._usage = Usage(settings.data_dir, self._board, Load(self._watch))
        self._link = Link(
            Client(settings.server, token),
            self._registration(gpus),
            board=self._board,
            load=Load(self._watch),
            timing=timing,
            log=log,
            listener=self,
        )

    def run(self) -> int:
        """Work until told to stop; the exit code."""
        self._listen_to_signals()
        self._clear_up_after_predecessor()
        self._watch.start()
        self._room.look()  # whether to delete is known once the server has answered
        self._link.start()
        while not self._done():
            self._wake.clear()
            due = self._turn()
            if not self._done():
                self._wake.wait(due)
        code = self._close()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # Python gives handlers up before it ends
        return code

    # What the link hears (called from its thread).

    def challenge(self) -> dict[str, str]:
        return self._shared_store.challenge()

    def registered(self, answer: dict[str, Any]) -> None:
        shared = self._shared_store.proven(answer)
        if shared:
            self._log.info("the server sees this data folder: sending sizes, not bytes")
        self._shipper.start(shared=shared, apart=self._shared_store.apart(answer))

    def order(self, order: Order) -> None:
        self._supervisor.order(order)
        if self._settings.once:  # last: an agent without work that accepts none is done
            self._board.accepting = False

    def _room_changed(self) -> None:
        self._link.wake.ring()  # the held call does not know
        self._shipper.nudge()  # it may be able to make room

    def cancel(self, key: Key) -> None:
        self._supervisor.cancel(key)

    def lost(self, key: Key) -> None:
        self._supervisor.lose(key, for_good=False)

    def steer(self, interval: float) -> None:
        self._shipper.steer(interval)

    def refused(self, why: str) -> None:
        self._refused = why
        self._wake.ring()

    # The main thread.

    def _done(self) -> bool:
        if self._refused:
            return True
        if self._supervisor.busy:
            return False
        if self._signals:
            return True
        return self._settings.once and not self._board.accepting

    def _turn(self) -> float | None:
        """One that fails ends no job: what is due stays due."""
        try:
            self._heed_signals()
            due = self._step()
        except Exception as error:
            if not self._stumbled:
                self._log.error(f"this could not be done, trying again: {codes.told(error)}")
            self._stumbled = True
            return _BREATH
        self._stumbled = False
        return due

    def _step(self) -> float | None:
        gpus, slots = self._board.free_gpus(), self._board.free_slots()
        due = self._supervisor.step()
        look_at = self._usage.step(self._supervisor.running(), time.monotonic())
        if look_at is not None:
            left = max(0.0, look_at - time.monotonic())
            due = left if due is None else min(due, left)
        if self._board.free_slots() > slots or set(self._board.free_gpus()) - set(gpus):
            self._room.look()  # what has ended may have filled the disk
            self._link.wake.ring()  # the held call does not know of what is free now
        return due

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake.write_fd, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_stop_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(signal.SIGHUP, self._on_hangup)
        # Of the first the wake-up is all we want; the others mean nothing to us, and would kill.
        for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, lambda *_: None)

    def _on_hangup(self, *_: object) -> None:
        """The terminal was closed. Both the shell and the kernel may say so: twice must not mean impatience."""
        if not self._signals:
            self._on_stop_signal()

    def _on_stop_signal(self, *_: object) -> None:
        if self._closing:
            self._shipper.hurry()
        self._signals += 1  # acted upon by the loop: here it could be in the middle of anything
        self._board.accepting = False
        self._link.wake.ring()

    def _heed_signals(self) -> None:
        while self._heeded < self._signals:
            self._heed(self._heeded + 1)
            self._heeded += 1  # only now: what failed half-way is done again

    def _heed(self, times: int) -> None:
        self._supervisor.hand_back_unstarted()
        if times > 2:
            self._log.warning("told a third time to stop: killing the jobs that run")
            self._supervisor.stop_all("the agent was told three times to stop", grace=0.0)
        elif times > 1:
            self._log.warning("told again to stop: ending the jobs that run")
            self._supervisor.kill_all()
        elif self._settings.on_stop == "requeue":
            self._log.info("told to stop: handing back what runs")
            self._supervisor.stop_all("the agent was stopped")
        else:
            self._log.info("told to stop: waiting for the jobs that run to end")

    def _clear_up_after_predecessor(self) -> None:
        """End what a killed agent left, and go on delivering what it had not delivered."""
        left = records.load_all(self._state.records)
        swept = sweep(left, self._settings.data_dir)
        if swept.killed:
            self._log.warning(
                f"killed {len(swept.killed)} processes that a predecessor left behind"
            )
        for record, alive in swept.stuck:
            self._supervisor.unkillable.add(record.gpus, alive)
        for record in left:
            if record.outcome is None:
                record.ended(Outcome("lost", error_message=_why_lost(record)))
            if not record.finished:
                self._board.adopt(record.key)
            self._shipper.follow(record, resumed=True)

    def _close(self) -> int:
        self._board.accepting = False
        self._closing = True
        self._watch.stop()
        if self._refused:
            self._log.error(f"the server refuses this agent: {self._refused}")
            self._guard.dismiss()
            return codes.REFUSED
        self._link.hang_up()
        self._supervisor.hand_back_unstarted()
        self._shipper.stop(_LAST_DELIVERY)
        if not self._shipper.idle:
            self._log.warning("not all was delivered: the next start of this agent will do it")
        self._link.unregister()
        self._guard.dismiss()
        self._log.info("stopped")
        return codes.STOPPED

    def _registration(self, gpus: list[Gpu]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "worker_id": self._settings.name,
            **hardware.facts(),
            "gpu_ids": [gpu.index for gpu in gpus],
            "gpus": [gpu.facts() for gpu in gpus],
            "slots": 0 if gpus else self._settings.slots,
            "tags": list(self._settings.tags),
            "session": self._state.session(),
            "version": __version__,
        }
        if self._settings.bandwidth is not None:
            body["bandwidth_bytes_per_second"] = int(self._settings.bandwidth)
        return body


def _why_lost(record: records.Record) -> str:
    if not record.same_boot:
        return "the machine was restarted while the job ran"
    return "the agent was killed while the job ran"
