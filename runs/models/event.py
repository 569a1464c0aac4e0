from django.db import models
from django.db.models import Q

from runs.models.run import Run


class EventKind(models.TextChoices):
    """What a line of events.jsonl tells."""

    ALERT = "alert", "alert"
    TEXT = "text", "text"
    IMAGE = "image", "image"
    TABLE = "table", "table"
    HISTOGRAM = "histogram", "histogram"
    OTHER = "other", "other"


class Level(models.TextChoices):
    """How much an alert matters."""

    INFO = "info", "info"
    WARNING = "warning", "warning"
    ERROR = "error", "error"


class Event(models.Model):
    """A complete line of an events file: an alert, or something logged that is no number.

    `index` is the line's number in its file. `body` is the line without what has a column of its own. `level` is an
    alert's, and empty for the rest.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    attempt = models.PositiveIntegerField()
    writer = models.CharField(max_length=32, blank=True, default="")
    index = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=EventKind)
    level = models.CharField(max_length=8, choices=Level, blank=True, default="")
    key = models.CharField(max_length=255, blank=True)
    step = models.BigIntegerField(null=True)
    at = models.FloatField(default=0.0)  # seconds since the epoch
    body = models.JSONField(default=dict)

    class Meta:
        ordering = ("run", "attempt", "writer", "index")
        constraints = (
            models.UniqueConstraint(
                fields=["run", "attempt", "writer", "index"], name="event_once"
            ),
        )
        indexes = (
            models.Index(fields=["run", "attempt", "kind", "key", "step"], name="event_by_key"),
            models.Index(fields=["id"], condition=Q(kind="alert"), name="event_alerts"),
            models.Index(
                fields=["run", "level"], condition=Q(kind="alert"), name="event_alerts_of_run"
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id}.{self.attempt} {self.kind} {self.key}"
