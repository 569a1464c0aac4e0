from django.db import models
from django.db.models import F, Q

from runs.models.run import Run

FULL = 512  # points after which a chunk is left alone and the next one is opened
STRETCH = 8192  # points of a chunk that has its final size; no chunk crosses a multiple of it


class Series(models.Model):
    """All points that one writer of an attempt logged under one key, and what a table needs to know about them.

    The main writer's name is empty; ranks of a distributed training are `r1`, `r2`, …; what an agent measures is the
    writer `system`'s. `merged` counts the points that are in chunks of their final size and in the overviews. Where
    `is_ordered`, no step is smaller than the one before it; else `breaks` says where they went back, as
    `runs.series.stretches` packs it, and is NULL where that was too often.

    `last`, `minimum` and `maximum` are NULL where there is no such number: with `count > 0`, a NULL `last` says that
    the last value is NaN. Minimum and maximum leave NaN out.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="series")
    attempt = models.PositiveIntegerField()
    writer = models.CharField(max_length=32, blank=True, default="")
    key = models.CharField(max_length=255)
    count = models.BigIntegerField(default=0)
    last = models.FloatField(null=True)
    last_step = models.BigIntegerField(default=0)
    last_time = models.FloatField(default=0.0)  # seconds since the epoch
    minimum = models.FloatField(null=True)
    maximum = models.FloatField(null=True)
    nan_count = models.BigIntegerField(default=0)
    first_nan_step = models.BigIntegerField(null=True)
    first_step = models.BigIntegerField(default=0)
    first_time = models.FloatField(default=0.0)  # seconds since the epoch
    is_ordered = models.BooleanField(default=True)
    breaks = models.BinaryField(null=True, default=b"")
    merged = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "series"
        constraints = (
            models.UniqueConstraint(fields=["run", "attempt", "writer", "key"], name="series_once"),
            models.CheckConstraint(
                name="series_counts", condition=Q(nan_count__gte=0, count__gte=F("nan_count"))
            ),
            models.CheckConstraint(
                name="series_merged", condition=Q(merged__gte=0, count__gte=F("merged"))
            ),
        )
        indexes = (
            models.Index(
                fields=["key", "run"], name="series_by_key"
            ),  # tables sort and filter by it
            models.Index(
                fields=["id"],
                condition=Q(count__gte=F("merged") + STRETCH),
                name="series_to_merge",
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
        return f"{self.series_id}[{self.start}:{self.end}]"

    @property
    def end(self) -> int:
        return self.start + self.count

    @property
    def is_open(self) -> bool:
        """Whether the next points of the series belong here, where it is the last one."""
        return self.count < FULL and self.end % STRETCH != 0

    @property
    def is_whole(self) -> bool:
        """Whether it is a stretch already, and nothing is to be put together."""
        return self.count == STRETCH and self.start % STRETCH == 0


class Overview(models.Model):
    """Some buckets of one level of a series' pyramid: what an overview of any length is read from.

    A bucket of level n holds 16 x 4**(n - 1) neighbouring points. `start` is the number of the first bucket; `data`
    packs the columns, one after the other, `count` little-endian numbers each: last step (int64), last time, last
    value, minimum, maximum (float64). Minimum and maximum leave NaN out and are NaN where nothing else is there.
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="overviews")
    level = models.PositiveSmallIntegerField()
    start = models.BigIntegerField()
    count = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ("series", "level", "start")
        constraints = (
            models.UniqueConstraint(fields=["series", "level", "start"], name="overview_once"),
            models.CheckConstraint(
                name="overview_not_empty", condition=Q(count__gt=0, start__gte=0, level__gte=1)
            ),
        )

    def __str__(self) -> str:
        return f"{self.series_id}/{self.level}[{self.start}:{self.start + self.count}]"
