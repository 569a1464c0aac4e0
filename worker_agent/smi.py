"""Asking nvidia-smi: what it says of each GPU, and who computes on them.

It is slow on a large node, hangs on a broken one, and has many ways of not answering. A reading that did not succeed
says nothing about any GPU: only then is `Failed` raised. What it says of one sick GPU is an answer.
"""

from __future__ import annotations

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import children

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

PATIENCE = 15.0
_FACTS = ("index", "name", "uuid", "memory.total", "driver_version")
_LOAD = ("index", "uuid", "utilization.gpu", "memory.used", "temperature.gpu", "power.draw")
# What a driver may not know yet, or not any more: those that it refuses are not asked for again.
_HEALTH = ("retired_pages.pending", "gpu_recovery_action")
_APPS = ("gpu_uuid", "pid", "process_name", "used_memory")
_FINE_CODES = (0, 14)  # 14: a damaged infoROM, which it warns of below a complete answer
_NOT_UNDERSTOOD = 2
_DRIVER = "/proc/driver/nvidia/gpus"  # a folder for each GPU, named after its place on the bus
_NO_SUCH_GPU = "No devices were found"
_SICK = ("ERR!", "Unknown Error", "GPU is lost", "requires reset", "fallen off the bus")
_UNSAID = ("", "No", "None", "N/A", "[N/A]", "[Not Supported]", "[Insufficient Permissions]")
_MOST_SAID = 200  # characters of a complaint that are passed on


class Failed(Exception):
    """It gave no answer that could be trusted; the message is its own, or says what happened."""

    def __init__(self, said: str, code: int | None = None) -> None:
        super().__init__(said)
        self.code = code


class Silent(Failed):
    """No answer came in time."""


class Absent(Failed):
    """There is no such program."""


class Gpu:
    """One GPU, as a registration tells it."""

    def __init__(
        self, index: int, name: str, uuid: str, memory_mb: int, driver_version: str = ""
    ) -> None:
        self.index = index
        self.name = name
        self.uuid = uuid
        self.memory_mb = memory_mb
        self.driver_version = driver_version

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))


class Seen:
    """One GPU in one reading. `trouble`: why it cannot be used, in nvidia-smi's words."""

    def __init__(self, index: int, uuid: str, load: dict[str, Any], trouble: str) -> None:
        self.index = index
        self.uuid = uuid
        self.load = load
        self.trouble = trouble


class App:
    """A process that computes on a GPU."""

    def __init__(self, uuid: str, pid: int, name: str, memory_mb: float | None) -> None:
        self.uuid = uuid
        self.pid = pid
        self.name = name
        self.memory_mb = memory_mb


def gpus() -> list[Gpu]:
    """All that answer. Raises Failed where nvidia-smi itself does not."""
    try:
        rows = _rows(_FACTS)
    except (Absent, Silent):
        raise
    except Failed:  # one that is sick may spoil the answer for all
        rows = [row for place in installed() for row in _facts_of(place)]
        if not rows:
            raise
    return [
        Gpu(int(index), name, uuid, int(number(memory) or 0), driver)
        for index, name, uuid, memory, driver in rows
        if index.isdigit()
    ]


def installed() -> list[str]:
    """Where on the bus the driver knows GPUs, answering or not."""
    with suppress(OSError):
        return sorted(files.names_in(_DRIVER))
    return []


def _facts_of(place: str) -> list[list[str]]:
    with suppress(Failed):
        return _rows(_FACTS, place)
    return []


class Smi:
    """Remembers what this driver's nvidia-smi does not know."""

    def __init__(self) -> None:
        self._health = list(_HEALTH)

    def look(self, served: Iterable[Gpu]) -> list[Seen]:
        """All GPUs of the machine; those that are served alone, where one of them spoils the common answer."""
        try:
            return self._seen()
        except (Absent, Silent):
            raise
        except Failed:
            return [seen for gpu in served for seen in self._seen_alone(gpu)]

    def apps(self, seen: Iterable[Seen]) -> list[App]:
        """Who computes on which GPU. `seen` is asked one by one where another GPU spoils the common answer."""
        try:
            return _apps()
        except (Absent, Silent):
            raise
        except Failed:
            return [app for gpu in seen if not gpu.trouble for app in _apps(gpu.uuid)]

    def _seen_alone(self, gpu: Gpu) -> list[Seen]:
        """Nothing where there is none. Raises Failed where the trouble is not this GPU's own."""
        try:
            return self._seen(gpu.uuid or str(gpu.index))
        except Failed as failed:
            if not _is_sick(str(failed)):
                raise
            return [Seen(gpu.index, gpu.uuid, {"index": gpu.index}, str(failed))]

    def _seen(self, only: str = "") -> list[Seen]:
        while True:
            fields = (*_LOAD, *self._health)
            try:
                rows = _rows(fields, only)
            except Failed as failed:
                if failed.code != _NOT_UNDERSTOOD or not self._health:
                    raise
                self._forget(str(failed))
                continue
            return [_as_seen(fields, row) for row in rows if row[0].isdigit()]

    def _forget(self, complaint: str) -> None:
        """The field that it names, or all of them."""
        known = [name for name in self._health if f'"{name}"' not in complaint]
        self._health = known if len(known) < len(self._health) else []


def _as_seen(fields: tuple[str, ...], row: list[str]) -> Seen:
    said = dict(zip(fields, row))
    load = {
        "index": int(said["index"]),
        "utilization": number(said["utilization.gpu"]),
        "memory_used_mb": number(said["memory.used"]),
        "temperature_c": number(said["temperature.gpu"]),
        "power_w": number(said["power.draw"]),
    }
    return Seen(int(said["index"]), said["uuid"], load, _trouble(said))


def _trouble(said: dict[str, str]) -> str:
    for field, value in said.items():
        if _is_sick(value):
            return f"nvidia-smi says {value} of its {field}"
    if said.get(_HEALTH[0], "") == "Yes":
        return "uncorrected memory errors are pending: reset the GPU"
    action = said.get(_HEALTH[1], "")
    return "" if action in _UNSAID else f"the driver asks for an action: {action}"


def _is_sick(text: str) -> bool:
    return any(sign in text for sign in _SICK)


def _apps(only: str = "") -> list[App]:
    found = []
    for line in _ask(f"--query-compute-apps={','.join(_APPS)}", only).splitlines():
        uuid, _, rest = line.partition(",")
        pid, _, rest = rest.partition(",")
        name, _, memory = rest.rpartition(",")  # a program's name may hold commas
        if pid.strip().isdigit():
            found.append(App(uuid.strip(), int(pid), name.strip(), number(memory)))
    return found


def _rows(fields: tuple[str, ...], only: str = "") -> list[list[str]]:
    lines = _ask(f"--query-gpu={','.join(fields)}", only).splitlines()
    rows = [[value.strip() for value in line.split(",")] for line in lines]
    return [row for row in rows if len(row) == len(fields)]


def _ask(query: str, only: str) -> str:
    """What it prints. One that hangs is killed but not waited for: it may be in state D."""
    if children.abandoned:
        raise Silent("an earlier nvidia-smi still hangs")
    command = ["nvidia-smi", query, *([f"--id={only}"] if only else [])]
    try:
        text, code = children.answer_of([*command, "--format=csv,noheader,nounits"], PATIENCE)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise Absent(f"nvidia-smi cannot be run: {error.strerror}") from error
    except OSError as error:  # no process or pipe to be had; or it is just being replaced
        raise Failed(f"nvidia-smi cannot be run: {error.strerror}") from error
    if code is None:
        raise Silent(f"nvidia-smi did not answer for {PATIENCE:g} s")
    if _NO_SUCH_GPU in text:
        return ""
    if code not in _FINE_CODES:
        said = " ".join(text.split())[:_MOST_SAID]
        raise Failed(said or f"nvidia-smi ended with {code}", code)
    return text


def number(text: str) -> float | None:
    with suppress(ValueError):  # "[N/A]", "[Not Supported]"
        value = float(text)
        if value - value == 0:  # neither infinite nor NaN
            return int(value) if value.is_integer() else value
    return None
