"""What may be done to many workers at once, and what each of these would mean."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from jobs import refusing, workers
from jobs.models import Worker
from jobs.phrases import plural
from runs.admin_confirming import Deed, Line, Outcome, Plan, Told, each_of

GOES_ON = "what runs there runs on: {running}"


def disable() -> Deed:
    words = "{workers}: given no jobs until enabled; " + GOES_ON
    return _switch("Disable", "disabled", words, workers.set_disabled, "disabled", value=True)


def enable() -> Deed:
    words = "{workers}: given jobs again"
    return _switch("Enable", "enabled", words, workers.set_disabled, "disabled", value=False)


def drain() -> Deed:
    words = "{workers}: given nothing new; " + GOES_ON
    return _switch("Drain", "draining", words, workers.set_draining, "draining", value=True)


def resume() -> Deed:
    words = "{workers}: given jobs again"
    return _switch("Resume", "resumed", words, workers.set_draining, "draining", value=False)


def delete() -> Deed:
    now = timezone.now()

    def refusal(worker: Worker) -> str:
        return refusing.to_forget(
            worker, online=worker.is_online(now=now), running=bool(_running(worker))
        )

    words = "{workers}: forgotten; attempts keep the name, and an agent that returns is known again"

    def do(request: HttpRequest, rows: list[Worker], told: Told) -> Outcome:
        who = request.user.get_username()
        return each_of(
            [row.worker_id for row in rows], lambda name: workers.delete(name, actor=who, now=now)
        )

    return Deed("Delete", "deleted", _foresight(words, refusal), do)


def _switch(
    title: str, done: str, words: str, deed: Callable[..., None], column: str, *, value: bool
) -> Deed:
    def refusal(worker: Worker) -> str:
        return "is so already" if getattr(worker, column) is value else ""

    def do(request: HttpRequest, rows: list[Worker], told: Told) -> Outcome:
        who, now = request.user.get_username(), timezone.now()
        return each_of(
            [row.worker_id for row in rows], lambda name: deed(name, value, actor=who, now=now)
        )

    return Deed(title, done, _foresight(words, refusal), do)


def _foresight(words: str, refusal: Callable[[Worker], str]) -> Callable[[list[Any]], Plan]:
    def foresee(rows: list[Worker]) -> Plan:
        lines = [_line(row, refusal(row)) for row in rows]
        going = [row for row, line in zip(rows, lines, strict=True) if not line.refusal]
        running = plural(sum(_running(row) for row in going), "job")
        sentence = words.format(workers=plural(len(going), "worker"), running=running)
        return Plan([sentence] if going else [], lines)

    return foresee


def _running(worker: Worker) -> int:
    """As the admin's list counts them, in its own query."""
    return int(getattr(worker, "running", 0))


def _line(worker: Worker, refusal: str) -> Line:
    return Line(
        worker.worker_id,
        reverse("admin:jobs_worker_change", args=[worker.pk]),
        f"runs {plural(_running(worker), 'job')}",
        refusal.removeprefix(f"worker {worker.worker_id!r} "),
    )
