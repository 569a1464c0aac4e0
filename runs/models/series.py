from django.db import models
from django.db.models import F, Q

from runs.models.run import Run


class Series(models.Model):
    """All points that one attempt logged under one key, and what a table needs to know about them.

    `last`, `minimum` and `maximum` are NULL where there is no such number: with `count > 0`, a NULL `last` says that
    the last value is NaN. Minimum and maximum leave NaN out.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="series")
    attempt = models.PositiveIntegerField()
    key = models.CharField(max_length=255)
    count = models.BigIntegerField(default=0)
    last = models.FloatField(null=True)
    last_step = models.BigIntegerField(default=0)
    last_time = models.FloatField(default=0.0)  # seconds since the epoch
    minimum = models.FloatField(null=True)
    maximum = models.FloatField(null=True)
    nan_count = models.BigIntegerField(default=0)
    first_nan_step = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = (
            models.UniqueConstraint(fields=["run", "attempt", "key"], name="series_once"),
            models.CheckConstraint(
                name="series_counts", condition=Q(nan_count__gte=0, count__gte=F("nan_count"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id}.{self.attempt}/{self.key}"


class Chunk(models.Model):
    """A stretch of a series as packed little-endian columns: steps int64, values float64, times float64 (seconds)."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="chunks")
    tier = models.PositiveSmallIntegerField(default=0)
    start = models.BigIntegerField()  # index in the series of the first point
    count = models.PositiveIntegerField()
    steps = models.BinaryField()
    values = models.BinaryField()
    times = models.BinaryField()

    class Meta:
        ordering = ("series", "start")
        constraints = (
            models.UniqueConstraint(fields=["series", "tier", "start"], name="chunk_once"),
            models.CheckConstraint(name="chunk_not_empty", condition=Q(count__gt=0, start__gte=0)),
        )

    def __str__(self) -> str:
        return f"{self.series_id}[{self.start}:{self.start + self.count}]"
