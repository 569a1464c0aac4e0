from django.db import models
from django.db.models import Q

from jobs.models.job import Job
from jobs.models.worker import Worker
from jobs.states import AttemptStatus, Reason


class Attempt(models.Model):
    """One execution of a job on one worker. Its number is never used again."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.ForeignKey(
        Worker, null=True, on_delete=models.SET_NULL, related_name="attempts"
    )
    worker_name = models.CharField(max_length=128)  # outlives the worker's row
    gpus = models.JSONField(default=list)  # indices on the worker
    claim_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=10, choices=AttemptStatus, default=AttemptStatus.RUNNING)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    error_message = models.TextField(blank=True)
    exit_code = models.IntegerField(null=True)
    signal = models.PositiveSmallIntegerField(null=True)
    # The server ended it while its agent still runs it: the agent is told to kill it.
    overruled = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("job", "number")
        constraints = (
            models.UniqueConstraint(fields=["job", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["job"], name="attempt_one_running", condition=Q(status="running")
            ),
            models.CheckConstraint(
                name="attempt_finished_exactly_when_not_running",
                condition=Q(status="running", finished_at__isnull=True)
                | (~Q(status="running") & Q(finished_at__isnull=False)),
            ),
        )
        indexes = (
            models.Index(fields=["worker"], name="attempt_running", condition=Q(status="running")),
            models.Index(
                fields=["finished_at"],
                name="attempt_by_end",
                condition=Q(finished_at__isnull=False),
            ),
            models.Index(
                fields=["worker", "job"],
                name="attempt_never_started",
                condition=Q(reason="never_started"),
            ),
        )

    def __str__(self) -> str:
        return f"job {self.job_id} attempt {self.number}"
