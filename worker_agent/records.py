"""What the agent must still know after kill -9: a file for each attempt it is not done with.

A record exists from before the process starts until the server has acknowledged every byte and the
outcome. It holds no token.
"""

from __future__ import annotations

from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import kernel
from worker_agent.cgroup import Cgroup
from worker_agent.order import Outcome

if TYPE_CHECKING:
    from typing import Any

    from whirr.wire.files import AnyPath
    from worker_agent.order import Key, Order

_MARKS = ".marks"


class Record:
    def __init__(self, folder: AnyPath, facts: dict[str, Any]) -> None:
        self.folder = folder
        self._facts = facts
        self.saved = True  # False while the disk is full: what it knows then lives in memory alone
        self.job_id = int(facts["job_id"])
        self.attempt = int(facts["attempt"])
        self.run_id = str(facts["run_id"])

    @property
    def key(self) -> Key:
        return self.job_id, self.attempt

    @property
    def path(self) -> str:
        return _path(self.folder, self.key)

    @property
    def marks(self) -> str:
        """Where it is kept when the log grew, until the server knows."""
        return f"{self.path}{_MARKS}"

    @property
    def same_boot(self) -> bool:
        return self._facts.get("boot_id") == kernel.boot_id()

    @property
    def process(self) -> tuple[int, int] | None:
        """(pid, start ticks) of the job's main process."""
        pid, ticks = self._facts.get("pid"), self._facts.get("ticks")
        return (pid, ticks) if isinstance(pid, int) and isinstance(ticks, int) else None

    @property
    def cgroup(self) -> Cgroup | None:
        """Where its processes were put."""
        path = self._facts.get("cgroup")
        return Cgroup(path) if isinstance(path, str) else None

    @property
    def gpus(self) -> tuple[int, ...]:
        return tuple(map(int, self._facts.get("gpus") or ()))

    @property
    def outcome(self) -> Outcome | None:
        fields = self._facts.get("outcome")
        return Outcome(**fields) if isinstance(fields, dict) else None

    @property
    def finished(self) -> bool:
        """Whether the server has acknowledged the outcome."""
        return bool(self._facts.get("finished"))

    def started(self, pid: int, ticks: int) -> None:
        self._facts.update(pid=pid, ticks=ticks)
        self._save(durable=False)  # after a power cut there is no process to look for

    def ended(self, outcome: Outcome) -> None:
        self._facts["outcome"] = outcome.fields()
        self._save(durable=True)

    @property
    def final(self) -> bool:
        """Whether the server said that the job has ended with this attempt."""
        return bool(self._facts.get("final"))

    def acknowledged(self, *, final: bool) -> None:
        self._facts.update(finished=True, final=final)
        self._save(durable=False)  # finish is idempotent: forgetting this costs one request

    def _save(self, *, durable: bool) -> None:
        data = jsontext.dumps(self._facts)
        try:
            files.write_whole(self.path, data, mode=0o600, durable=durable)
            self.saved = True
        except OSError:
            self.saved = False


def create(folder: AnyPath, order: Order, cgroup: Cgroup | None = None) -> Record:
    """Written before the process exists: a crash in between must leave a trace, not a stray."""
    facts = {
        "job_id": order.job_id,
        "attempt": order.attempt,
        "run_id": order.run_id,
        "boot_id": kernel.boot_id(),
        "gpus": list(order.gpus),
    }
    if cgroup is not None:
        facts["cgroup"] = cgroup.path
    record = Record(folder, facts)
    record._save(durable=True)
    return record


def delete(folder: AnyPath, key: Key) -> None:
    """Forget an attempt for good."""
    for ending in (_MARKS, ""):
        with suppress(FileNotFoundError):
            files.remove(_path(folder, key) + ending)


def _path(folder: AnyPath, key: Key) -> str:
    return f"{folder}/{key[0]}.{key[1]}.json"


def _is_record(name: str) -> bool:
    job, _, rest = name.partition(".")
    attempt, _, ending = rest.partition(".")
    return job.isdigit() and attempt.isdigit() and ending == "json"


def load_all(folder: AnyPath) -> list[Record]:
    """Every record that can be read. A damaged one names nothing that could be acted on."""
    found = []
    for name in sorted(files.names_in(folder)):
        facts = files.read_json_object(f"{folder}/{name}") if _is_record(name) else None
        with suppress(KeyError, TypeError, ValueError):
            if facts is not None and layout.is_run_id(str(facts["run_id"])):
                found.append(Record(folder, facts))
    return found
