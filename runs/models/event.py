from django.db import models

from runs.models.run import Run


class EventKind(models.TextChoices):
    """What a line of events.jsonl tells."""

    ALERT = "alert", "alert"
    TEXT = "text", "text"
    IMAGE = "image", "image"
    TABLE = "table", "table"
    HISTOGRAM = "histogram", "histogram"
    OTHER = "other", "other"


class Event(models.Model):
    """A complete line of an events file: an alert, or something logged that is no number.

    `index` is the line's number in its file. `body` is the line without what has a column of its own.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    attempt = models.PositiveIntegerField()
    writer = models.CharField(max_length=32, blank=True, default="")
    index = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=EventKind)
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
        )

    def __str__(self) -> str:
        return f"{self.run_id}.{self.attempt} {self.kind} {self.key}"
