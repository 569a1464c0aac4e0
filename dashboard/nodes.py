"""Workers as cards: each GPU with its load and the job that holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils import timezone

from dashboard import words
from dashboard.logs.large import Large, of_running
from dashboard.night import sparks
from dashboard.night.sparks import HOUR, Sparks
from jobs import clocks, sampling, selectors
from jobs.blocked import Blocked, Process
from jobs.models import Attempt, LoadSample, Worker
from jobs.selectors import WorkerView
from jobs.states import WorkerStatus
from runs.errors import NotFound

MOST = 1e15  # more than anything that is measured here
PAGE_SIZE = 50  # machines with their charts: some hundred kilobytes where each has eight GPUs
HOT = 83  # °C: where data-centre cards begin to throttle


@dataclass(frozen=True, slots=True)
class Bar:
    """A share from 0 to 1 (None: not reported) and the words for it."""

    share: float | None
    megabytes: float | None = None
    total_megabytes: float | None = None
    tone: str = ""

    @property
    def percent(self) -> int | None:
        return None if self.share is None else round(self.share * 100)

    @property
    def words(self) -> str:
        """`73.6 / 80 GiB`"""
        if self.megabytes is None:
            return words.NOTHING
        if not self.total_megabytes:
            return words.memory(self.megabytes)
        used = round(self.megabytes / 1024, 1)  # a driver's few megabytes are none
        return f"{used:.3g} / {words.memory(self.total_megabytes)}"


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU of a worker, or one of its CPU slots."""

    index: int
    name: str
    attempt: Attempt | None
    utilization: Bar
    memory: Bar
    temperature: float | None
    is_hot: bool
    power: float | None  # watts
    out: list[Blocked]  # why it is handed to no job, if it is not
    is_away: bool = False  # its agent is silent: the numbers are the last that it told
    sparks: Sparks | None = None  # its last hour

    @property
    def knows_something(self) -> bool:
        """Whether anything was ever told of its load."""
        told = (self.utilization.share, self.memory.megabytes, self.temperature, self.power)
        return any(each is not None for each in told)

    @property
    def foreign(self) -> list[Process]:
        """Processes on it that are none of ours."""
        return [process for blocked in self.out for process in blocked.processes]


@dataclass(frozen=True, slots=True)
class Node:
    """A worker as a card shows it."""

    view: WorkerView
    devices: list[Device]
    slots: list[Attempt | None]
    cpu: Bar
    memory: Bar
    disk: Bar  # of the data folder
    bandwidth: float | None  # megabytes a second that its agent sends at most
    trouble: str  # why its GPUs cannot be looked at
    sparks: Sparks | None = None  # of its processors and its memory

    @property
    def kept_for(self) -> int | None:
        """The job for which small ones leave its GPUs alone."""
        return self.view.worker.reserved_for_id

    @property
    def clock(self) -> str:
        """How its clock is wrong: `is 12 s ahead of the server's`; of one that is away nothing is known."""
        return "" if self.is_offline else clocks.note(_mapping(self.view.worker.load))

    @property
    def large_logs(self) -> list[Large]:
        """Logs of what it runs that may fill a disk."""
        return of_running(self.view.attempts, now=timezone.now())

    @property
    def driver(self) -> str:
        """Versions of the GPUs' driver; more than one only where a machine is in the middle of a change."""
        told = (str(gpu.get("driver_version") or "") for gpu in _rows(self.view.worker.gpus))
        return ", ".join(sorted({version for version in told if version}))

    @property
    def renewed_at(self) -> datetime | None:
        """When it renewed the lease of what it runs; None where it runs nothing."""
        jobs = [attempt.job for attempt in self.view.attempts]
        return max(
            (
                job.lease_expires_at - timedelta(seconds=job.lease_seconds)
                for job in jobs
                if job.lease_expires_at is not None
            ),
            default=None,
        )

    @property
    def draining_words(self) -> str:
        """What draining it would do: `Its 3 running jobs (2 users) finish; it takes nothing new.`"""
        count = len(self.view.attempts)
        if not count:
            return "It runs nothing; it takes nothing new."
        users = len({attempt.job.user for attempt in self.view.attempts})
        whose = f" ({users} users)" if users > 1 else ""
        which = "running job finishes" if count == 1 else f"{count} running jobs{whose} finish"
        return f"Its {which}; it takes nothing new."

    @property
    def disabling_words(self) -> str:
        """What disabling it would do."""
        going_on = "What it runs goes on; it" if self.view.attempts else "It"
        return f"{going_on} is given no jobs until it is enabled again."

    @property
    def takes_nothing(self) -> bool:
        """Its disk is full."""
        return self.view.worker.disk_full and not self.is_offline

    @property
    def takes_jobs(self) -> bool:
        """It would start something if there were something for it."""
        return (
            self.view.status in (WorkerStatus.IDLE, WorkerStatus.BUSY)
            and not self.view.worker.disk_full
        )

    @property
    def is_offline(self) -> bool:
        return self.view.status == WorkerStatus.OFFLINE


def nodes(*, now: datetime) -> list[Node]:
    """All workers, two queries whatever their number."""
    return [node(view) for view in selectors.workers(now=now)]


@dataclass(frozen=True, slots=True)
class Machines:
    """A page of workers with their last hour, and the workers of all pages whose agents are of another version."""

    nodes: list[Node]
    page: Page[WorkerView]
    skewed: int


def machines(number: str, *, now: datetime) -> Machines:
    """One query more than `nodes`. Of what is on other pages no sample is read."""
    views = selectors.workers(now=now)
    page = Paginator(views, PAGE_SIZE).get_page(number)
    some = list(page.object_list)
    samples = sampling.history([view.worker.pk for view in some], since=now - HOUR, until=now)
    found = [_with_sparks(node(view), samples[view.worker.pk], now=now) for view in some]
    return Machines(found, page, sum(1 for view in views if view.skew.note))


def _with_sparks(node: Node, samples: list[LoadSample], *, now: datetime) -> Node:
    past = sparks.past(samples)
    devices = [
        replace(device, sparks=sparks.of_gpu(past, device.index, now=now))
        for device in node.devices
    ]
    return replace(node, devices=devices, sparks=sparks.of_machine(past, now=now))


def worker_id_of(pk: int) -> str:
    """The name of the worker with this number. Raises NotFound."""
    found = Worker.objects.filter(pk=pk).values_list("worker_id", flat=True).first()
    if found is None:
        raise NotFound("this worker is not known any more")
    return found


def node(view: WorkerView) -> Node:
    """One worker's card."""
    worker = view.worker
    told = _mapping(worker.load)
    load = {} if view.status == WorkerStatus.OFFLINE else told
    reported = {each["index"]: each for each in _rows(told.get("gpus")) if _names_a_gpu(each)}
    devices = [_device(view, gpu, reported.get(gpu.get("index"), {})) for gpu in _rows(worker.gpus)]
    empty = [None] * max(0, worker.slots - len(view.attempts))
    return Node(
        view=view,
        devices=devices,
        slots=[] if devices else [*view.attempts, *empty],
        cpu=_percent(load.get("cpu_percent")),
        memory=_memory(load.get("memory_used_mb"), worker.memory_mb),
        disk=_disk(load),
        bandwidth=_megabytes(load.get("bandwidth_bytes_per_second")),
        trouble=str(load.get("gpu_trouble") or "")[:300],
    )


def _device(view: WorkerView, gpu: Mapping[str, Any], load: Mapping[str, Any]) -> Device:
    index = gpu.get("index", 0)
    out = [each for each in view.blocked if each.index == index]
    temperature = _number(load.get("temperature_c"))
    is_away = view.status == WorkerStatus.OFFLINE
    return Device(
        index=index,
        name=str(gpu.get("name") or "GPU"),
        attempt=view.by_gpu.get(index),
        utilization=_percent(load.get("utilization")),
        memory=_memory(load.get("memory_used_mb"), gpu.get("memory_mb")),
        temperature=temperature,
        is_hot=temperature is not None and temperature >= HOT and not is_away,
        power=_number(load.get("power_w")),
        out=out,
        is_away=is_away,
    )


def _percent(reported: Any) -> Bar:
    value = _number(reported)
    return Bar(None if value is None else value / 100)


def _memory(used: Any, total: Any) -> Bar:
    used_mb, total_mb = _number(used), _number(total)
    if not total_mb:
        return Bar(None, used_mb, None)
    share = None if used_mb is None else used_mb / total_mb
    return Bar(share, used_mb, total_mb, tone="full" if (share or 0) > 0.95 else "")


def _disk(load: Mapping[str, Any]) -> Bar:
    free, total = _number(load.get("disk_free_mb")), _number(load.get("disk_total_mb"))
    return _memory(None if free is None or total is None else max(0.0, total - free), total)


def _megabytes(reported: Any) -> float | None:
    count = _number(reported)
    return None if count is None else count / 1e6


def _names_a_gpu(told: Mapping[str, Any]) -> bool:
    return isinstance(told.get("index"), int)


def _number(thing: Any) -> float | None:
    """What an agent sent may be anything; a bar needs a number, and one that something here could have."""
    if not isinstance(thing, int | float) or isinstance(thing, bool):
        return None
    return float(thing) if abs(thing) < MOST else None


def _mapping(thing: Any) -> Mapping[str, Any]:
    return thing if isinstance(thing, Mapping) else {}


def _rows(thing: Any) -> list[Mapping[str, Any]]:
    return [each for each in thing if isinstance(each, Mapping)] if isinstance(thing, list) else []
