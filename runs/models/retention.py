from django.db import models
from django.db.models import Q


def kept_by_default() -> list[str]:
    """Runs with these tags are never trashed by a rule, unless its owner says otherwise."""
    return ["keep"]


class Direction(models.TextChoices):
    """Which value of a metric is the better one."""

    MIN = "min", "smaller is better"
    MAX = "max", "larger is better"


class RetentionRule(models.Model):
    """Which finished runs of a project go into the trash by themselves. An empty project: runs that have none.

    A run goes that is older than `older_than_days`, carries no protected tag, and is neither among the last
    `keep_last` nor among the best `keep_best`. What is NULL keeps nothing back.
    """

    project = models.CharField(max_length=100, unique=True, blank=True)
    enabled = models.BooleanField(default=True)
    keep_last = models.PositiveIntegerField(null=True, blank=True)
    keep_best = models.PositiveIntegerField(null=True, blank=True)
    metric = models.CharField(max_length=255, blank=True)
    direction = models.CharField(max_length=3, choices=Direction, default=Direction.MIN)
    older_than_days = models.PositiveIntegerField(null=True, blank=True)
    protected_tags = models.JSONField(default=kept_by_default, blank=True)

    class Meta:
        ordering = ("project",)
        constraints = (
            models.CheckConstraint(
                name="rule_direction_known", condition=Q(direction__in=Direction.values)
            ),
            models.CheckConstraint(
                name="rule_says_something",
                condition=Q(keep_last__isnull=False)
                | Q(keep_best__isnull=False)
                | Q(older_than_days__isnull=False),
            ),
            models.CheckConstraint(
                name="rule_best_of_a_metric", condition=Q(keep_best__isnull=True) | ~Q(metric="")
            ),
        )

    def __str__(self) -> str:
        return self.project or "runs without a project"


class Deletion(models.Model):
    """A run that is being deleted for good, or was: the audit trail, which outlives the run's row.

    `loose` are the contents whose artifact rows are gone and whose bytes may still be there: whoever goes on after a
    crash begins with them.
    """

    run_key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255, blank=True)
    project = models.CharField(max_length=100, blank=True)
    user = models.CharField(max_length=150, blank=True)
    trashed_by = models.CharField(max_length=150, blank=True)
    deleted_by = models.CharField(max_length=150, blank=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    freed_files = models.BigIntegerField(default=0)  # bytes
    freed_database = models.BigIntegerField(default=0)  # bytes, estimated
    loose = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=["begun_at"], condition=Q(ended_at__isnull=True), name="deletion_unfinished"
            ),
        )

    def __str__(self) -> str:
        return self.run_key

    @property
    def freed(self) -> int:
        """Bytes of files and database."""
        return self.freed_files + self.freed_database
