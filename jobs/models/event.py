from django.db import models

from jobs.models.job import Job


class JobEvent(models.Model):
    """What happened to a job: its timeline and its audit trail. Rows are only ever added."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    attempt = models.PositiveIntegerField()
    kind = models.CharField(
        max_length=20
    )  # submitted, cancel_requested, reinstated, or a move of jobs.states.MOVES
    reason = models.CharField(max_length=20, blank=True)
    message = models.TextField(blank=True)
    actor = models.CharField(
        max_length=150, blank=True
    )  # who: a person, a worker, or "whirr" itself
    address = models.CharField(max_length=45, blank=True, default="")  # a person's: where from
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["job", "id"], name="event_by_job"),)

    def __str__(self) -> str:
        return f"job {self.job_id}: {self.kind}"


class WorkerEvent(models.Model):
    """What people did to a worker: its audit trail, which outlives the worker's row."""

    worker_name = models.CharField(max_length=128)
    kind = models.CharField(
        max_length=20
    )  # disabled, enabled, draining, resumed, deleted, changed, labelled
    message = models.TextField(blank=True)
    actor = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=45, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["worker_name", "id"], name="event_by_worker"),)

    def __str__(self) -> str:
        return f"worker {self.worker_name}: {self.kind}"
