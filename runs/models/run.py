from django.db import models
from django.db.models import Q


class RunStatus(models.TextChoices):
    """Where a run stands. `pending`: its job has not started; nothing was recorded yet."""

    PENDING = "pending", "pending"
    RUNNING = "running", "running"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"

    @property
    def is_final(self) -> bool:
        return self in FINAL


FINAL = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}


class RunKind(models.TextChoices):
    JOB = "job", "queued job"
    DIRECT = "direct", "direct run"


class Run(models.Model):
    """One recorded experiment. Its files below `runs/<key>/` are the truth; this row is their index."""

    key = models.CharField(max_length=64, unique=True)  # job-7, local-20260115-103000-a1b2c3
    kind = models.CharField(max_length=8, choices=RunKind)
    name = models.CharField(max_length=255, blank=True)
    project = models.CharField(max_length=100, blank=True)
    user = models.CharField(max_length=150, blank=True)
    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.PENDING)
    # The newest attempt. Whoever writes names an attempt; a smaller number than this is refused (fencing).
    attempt = models.PositiveIntegerField(default=0)
    tags = models.JSONField(default=list, blank=True)
    config = models.JSONField(default=dict, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    hostname = models.CharField(max_length=255, blank=True)
    # What people write about it, as Markdown.
    notes = models.TextField(blank=True)
    notes_by = models.CharField(max_length=150, blank=True)
    notes_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # What its program could not record, as it says itself: values, lines, files.
    dropped = models.BigIntegerField(default=0)
    # How often its program went on with it, as it says itself.
    resumed = models.PositiveIntegerField(default=0)
    # What its program ran in and on, as far as it can be a column: commit, branch, python, gpu, …; see runs.facts.
    facts = models.JSONField(default=dict, blank=True)
    # Put away: lists leave it out unless they are asked for it; nothing else about it changes.
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_by = models.CharField(max_length=150, blank=True)
    # In the trash since then; deleted for good after a grace.
    trashed_at = models.DateTimeField(null=True, blank=True)
    trashed_by = models.CharField(max_length=150, blank=True)  # a person, or a rule
    # Its deletion for good began then: nothing brings it back, and nobody is shown it any more.
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Somebody looks at it until then; see runs.attention.
    watched_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="run_status_known", condition=Q(status__in=RunStatus.values)
            ),
            models.CheckConstraint(
                name="run_finished_exactly_when_final",
                condition=Q(status__in=sorted(FINAL), finished_at__isnull=False)
                | (~Q(status__in=sorted(FINAL)) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="run_deleted_from_the_trash",
                condition=Q(deleted_at__isnull=True) | Q(trashed_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=["status", "-id"], name="run_by_status"),
            models.Index(fields=["project", "-id"], name="run_by_project"),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="run_by_end",
            ),
            models.Index(
                fields=["-id"],
                condition=Q(archived_at__isnull=True, trashed_at__isnull=True),
                name="run_not_put_away",
            ),
            models.Index(
                fields=["archived_at"],
                condition=Q(archived_at__isnull=False),
                name="run_archived",
            ),
            models.Index(
                fields=["trashed_at"],
                condition=Q(trashed_at__isnull=False),
                name="run_in_trash",
            ),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def is_final(self) -> bool:
        return RunStatus(self.status).is_final

    @property
    def is_in_trash(self) -> bool:
        return self.trashed_at is not None

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from start to end; None before the end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
