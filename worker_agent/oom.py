"""Whether it was the kernel that ended a job, for lack of memory."""

from __future__ import annotations

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, signal, suppress
from worker_agent.order import Outcome

if TYPE_CHECKING:
    from worker_agent.cgroup import Cgroup

_COUNTERS = "/proc/vmstat"
_BY_A_SHELL = 128 + signal.SIGKILL  # how a shell tells that its command was killed

_PROBABLY = (
    "probably out of memory: killed, while the kernel ended processes of this machine to free some"
)
_PERHAPS = "killed from outside; the kernel does this when memory runs out"
_NOT_THE_KERNEL = (
    "killed from outside and not by the kernel: by a person, or by a program that watches over"
    " memory (systemd-oomd, earlyoom)"
)


class Witness:
    """Looks at the kernel's counters when a job starts, and again when it has ended."""

    def __init__(self, cgroup: Cgroup | None) -> None:
        self._cgroup = cgroup
        self._before = _kills_of_this_machine()

    def judge(self, outcome: Outcome) -> Outcome:
        """The same end, with what is known about memory. For ends that we did not bring about."""
        own = None if self._cgroup is None else self._cgroup.oom_kills()
        if own is not None:
            return self._known(outcome, own)
        return self._guessed(outcome)

    def _known(self, outcome: Outcome, kills: int) -> Outcome:
        if not kills:
            return _from_outside(outcome, _NOT_THE_KERNEL)
        if outcome.exit_code == 0:  # it got over it
            return outcome
        many = "a process" if kills == 1 else f"{kills} processes"
        return _oom(outcome, f"out of memory: the kernel killed {many} of the job")

    def _guessed(self, outcome: Outcome) -> Outcome:
        """Without a cgroup the kernel counts for the whole machine."""
        before, after = self._before, _kills_of_this_machine()
        if before is None or after is None:
            return _from_outside(outcome, _PERHAPS)
        killed = outcome.signal == signal.SIGKILL or outcome.exit_code == _BY_A_SHELL
        if killed and after > before:
            return _oom(outcome, _PROBABLY)
        return _from_outside(outcome, _NOT_THE_KERNEL)


def _oom(outcome: Outcome, message: str) -> Outcome:
    return Outcome(outcome.kind, outcome.exit_code, outcome.signal, message, oom=True)


def _from_outside(outcome: Outcome, hint: str) -> Outcome:
    if outcome.signal != signal.SIGKILL:
        return outcome
    return Outcome(outcome.kind, outcome.exit_code, outcome.signal, hint)


def _kills_of_this_machine() -> int | None:
    with suppress(OSError):
        for line in files.read(_COUNTERS).splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
    return None
