from django.db import models
from django.db.models import F, Q

from jobs.models.array import Array
from jobs.models.requirement import Requirement
from jobs.models.worker import Worker
from jobs.states import FINAL, JobStatus, Reason, StopSignal
from runs.models import Run


class Job(models.Model):
    """A command that somebody wants run. `status` is written by `jobs.moving` alone."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="job")
    name = models.CharField(max_length=255, blank=True)
    command_argv = models.JSONField()
    workdir = models.CharField(max_length=4096)
    env = models.JSONField(default=dict, blank=True)
    config = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True)
    project = models.CharField(max_length=100, blank=True)
    user = models.CharField(max_length=150, blank=True)
    requirement = models.ForeignKey(Requirement, on_delete=models.PROTECT, related_name="jobs")
    priority = models.IntegerField(default=0)
    retries = models.PositiveSmallIntegerField(default=0)
    retry_exit_codes = models.JSONField(default=list, blank=True)  # empty: every failure of its own
    retry_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retried_by"
    )
    array = models.ForeignKey(
        Array, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )
    array_index = models.PositiveIntegerField(null=True, blank=True)
    submission_key = models.CharField(
        max_length=128, blank=True
    )  # of a submit that may be repeated
    timeout_seconds = models.PositiveIntegerField(null=True, blank=True)
    grace_seconds = models.PositiveIntegerField(default=30)
    stop_signal = models.CharField(max_length=8, choices=StopSignal, default=StopSignal.TERM)
    exclusive = models.BooleanField(default=False)

    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.QUEUED)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    error_message = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(
        default=0
    )  # number of the newest attempt: the fencing token
    worker = models.ForeignKey(Worker, null=True, blank=True, on_delete=models.SET_NULL)
    lease_seconds = models.PositiveIntegerField(default=60)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    # A running job that its agent should have stopped by now: the time limit's backstop.
    overdue_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.CharField(max_length=150, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True, blank=True)  # back-off of a retry
    # Where its checkpoints are: until then that worker alone is offered the job (`jobs.preferring`).
    prefers = models.ForeignKey(
        Worker, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    prefers_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="job_status_known", condition=Q(status__in=JobStatus.values)
            ),
            models.UniqueConstraint(
                fields=["user", "submission_key"],
                name="job_submitted_once",
                condition=~Q(submission_key=""),
            ),
            models.CheckConstraint(
                name="job_array_has_index",
                condition=Q(array__isnull=True, array_index__isnull=True)
                | Q(array__isnull=False, array_index__isnull=False),
            ),
            models.CheckConstraint(
                name="job_lease_exactly_while_running",
                condition=Q(status="running", lease_expires_at__isnull=False, attempt__gt=0)
                | (~Q(status="running") & Q(lease_expires_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="job_finished_exactly_when_final",
                condition=Q(status__in=sorted(FINAL), finished_at__isnull=False)
                | (~Q(status__in=sorted(FINAL)) & Q(finished_at__isnull=True)),
            ),
        )
        indexes = (
            models.Index(
                F("requirement"),
                F("priority").desc(),
                F("id").asc(),
                name="job_queue",
                condition=Q(status="queued", held_at__isnull=True),
            ),
            models.Index(
                F("priority").desc(),
                F("id").asc(),
                name="job_order",
                condition=Q(status__in=("waiting", "queued")),
            ),
            models.Index(
                fields=["overdue_at"],
                name="job_overdue",
                condition=Q(status="running", overdue_at__isnull=False),
            ),
            models.Index(
                fields=["array", "status", "id"],
                name="job_in_array",
                condition=Q(array__isnull=False),
            ),
            models.Index(
                fields=["prefers"],
                name="job_prefers",
                condition=Q(status="queued", prefers__isnull=False),
            ),
            models.Index(
                fields=["lease_expires_at"], name="job_lease", condition=Q(status="running")
            ),
            models.Index(fields=["status", "-id"], name="job_by_status"),
            models.Index(fields=["project", "-id"], name="job_by_project"),
            models.Index(fields=["user", "-id"], name="job_by_user"),
        )

    def __str__(self) -> str:
        return f"job {self.pk}"

    @property
    def is_final(self) -> bool:
        return JobStatus(self.status).is_final

    @property
    def is_held(self) -> bool:
        return self.held_at is not None

    @property
    def cancel_requested(self) -> bool:
        return self.cancel_requested_at is not None
