from django.db import models
from django.db.models import F, Q

from runs.models.run import Run


class Stream(models.Model):
    """How far a file of an attempt is indexed. Its size is the file's own size and stands nowhere else."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="streams")
    attempt = models.PositiveIntegerField()
    name = models.CharField(max_length=64)
    indexed = models.BigIntegerField(
        default=0
    )  # bytes of complete lines that are in the series store
    lines = models.BigIntegerField(default=0)
    bad_lines = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["run", "attempt", "name"], name="stream_once"),
            models.CheckConstraint(
                name="stream_counts", condition=Q(indexed__gte=0, lines__gte=F("bad_lines"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id}.{self.attempt}/{self.name}"
