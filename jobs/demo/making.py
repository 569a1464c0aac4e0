"""Makes the demo data: each run is submitted, claimed, written and ended as a real one, only long ago."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import transaction

from jobs import cancelling, claiming, finishing, in_flight, submitting, workers
from jobs.claiming import Order
from jobs.demo import files, marks, removing, stories
from jobs.demo.alone import alone
from jobs.demo.stories import Story
from jobs.finishing import Outcome, Report
from jobs.matching import Free
from jobs.models import Job, Worker
from jobs.submitting import Submission
from jobs.taking import Taker
from runs import annotating, artifacts, documents, feed, streams
from runs.annotating import Change
from runs.models import Run
from whirr_site.access.principals import Principal

SEED = 20_260_115
LEASE = 7 * 86400  # seconds: no sweep looks for it while it is being made
MEMORY_MB = 81_920
OURS = Principal(marks.USER, frozenset({"submit", "read"}))


def make(*, now: datetime) -> int:
    """Make the demo data where there is none; how many runs were made. Two at once make it once. Raises Busy.

    Where all of it lies in the trash it is deleted for good first.
    """
    with alone():
        if marks.everything().filter(trashed_at__isnull=True).exists():
            return 0
        removing.clear(actor=marks.USER, now=now)
        node = _node(now=now)
        try:
            made = _make_all(node, now=now)
        finally:
            forget(node, now=now)
    feed.ring(feed.QUEUE)
    return made


def _make_all(node: Worker, *, now: datetime) -> int:
    chance = Random(SEED)  # noqa: S311  (nothing secret: the same curves every time)
    members = stories.sweep()
    jobs = _submit_sweep(members, now=now)
    told: list[tuple[Story, Job | None]] = list(zip(members, jobs, strict=True))
    told += [(story, None) for story in stories.singles()]
    for number, (story, job) in enumerate(told):
        with in_flight.choosing(), transaction.atomic():
            _Made(story, node, chance, now).live(job, number)
    return len(told)


def _submit_sweep(members: Sequence[Story], *, now: datetime) -> list[Job]:
    first = members[0]
    begin = min(files.times(each, now)[0] for each in members)
    wish = _wish(first.name, {}, first.tags)
    return submitting.submit_array(wish, f"0-{len(members) - 1}", user=marks.USER, now=begin)


def _wish(name: str, config: dict[str, Any], tags: Sequence[str], **more: Any) -> Submission:
    flags = [part for key, value in config.items() for part in (f"--{key}", str(value))]
    return Submission(
        command_argv=["python", "train.py", *flags],
        workdir="/home/demo/vision",
        name=name,
        config=config,
        tags=[*tags, marks.TAG],
        project=marks.PROJECT,
        kind=marks.KIND,
        gpus=1,
        **more,
    )


def _node(*, now: datetime) -> Worker:
    """A machine that is there for as long as this takes, under a name that no other has."""
    name, tries = marks.NODE, 1
    while Worker.objects.filter(worker_id=name).exclude(kinds=[marks.KIND]).exists():
        tries += 1
        name = f"{marks.NODE}-{tries}"
    gpus = [
        {
            "index": i,
            "name": "NVIDIA A100-SXM4-80GB",
            "uuid": f"GPU-demo-{i}",
            "memory_mb": MEMORY_MB,
        }
        for i in range(stories.GPUS)
    ]
    hardware = workers.Hardware(hostname=name, gpus=gpus, kinds=[marks.KIND], slots=stories.GPUS)
    return workers.register(name, hardware, session="demo", now=now)


def forget(node: Worker, *, now: datetime) -> None:
    """The machine goes again; what ran on it keeps its name."""
    Worker.objects.filter(pk=node.pk).update(online=False)
    workers.delete(node.worker_id, actor=marks.USER, now=now)


@dataclass(slots=True)
class _Made:
    """One run in the making."""

    story: Story
    node: Worker
    chance: Random
    now: datetime

    def live(self, job: Job | None, number: int) -> None:
        story = self.story
        queued, start, end = files.times(story, self.now)
        if job is None:
            wish = _wish(story.name, story.config, story.tags, timeout_seconds=story.timeout)
            job = submitting.submit(wish, user=marks.USER, now=queued)
        if story.lost_first:
            start = self._lose(job, start, end)
        order = self._claim(job, start)
        self._write(order.job.run, order.attempt.number, start, end, number)
        if story.cancelled:
            cancelling.cancel(job.pk, actor=marks.USER, now=end)
        report = Report(self.node.worker_id, story.outcome, story.exit_code)
        finishing.finish(job.pk, order.attempt.number, report, now=end)

    def _lose(self, job: Job, start: datetime, end: datetime) -> datetime:
        """The first attempt ends with its machine; when the next one begins."""
        first = self._claim(job, start)
        lost_at = start + (end - start) / 4
        self._append(first.job.run, 1, "output.log", files.log(self.story)[:400])
        report = Report(self.node.worker_id, Outcome.LOST, message="the worker was lost")
        finishing.finish(job.pk, first.attempt.number, report, now=lost_at)
        return lost_at + timedelta(minutes=3)

    def _claim(self, job: Job, at: datetime) -> Order:
        free = Free([self.story.gpu], 0)
        taker = Taker(self.node, [], free, f"demo-{job.pk}", lease_seconds=LEASE, most=1)
        (order,) = claiming.hand_out([taker], now=at)[self.node.pk]
        return order

    def _write(self, run: Run, attempt: int, start: datetime, end: datetime, number: int) -> None:
        story = self.story
        run.refresh_from_db()
        self._append(run, attempt, "metrics.jsonl", files.metrics(story, start, end, self.chance))
        self._append(run, attempt, "output.log", files.log(story))
        self._append(run, attempt, "events.jsonl", files.events(story, start, end))
        documents.put(run, attempt, "config.json", files.document(story.config))
        documents.put(run, attempt, "meta.json", files.document({"summary": story.summary}))
        kept = {files.picture_path(step): files.picture(step, number) for step in story.shown}
        if story.exit_code == 0:
            kept["model.json"] = files.document({"name": story.name, "config": story.config})
        for path, data in kept.items():
            artifacts.receive(run, attempt, path, offset=0, size=len(data), data=data, now=end)
        if story.notes:
            annotating.annotate(run.key, Change(notes=story.notes), by=OURS, now=end)

    def _append(self, run: Run, attempt: int, name: str, data: bytes) -> None:
        if data:
            streams.append(run, attempt, name, offset=0, data=data)
