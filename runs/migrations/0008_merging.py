"""Beat merges what series have gathered every five seconds; and series that are there learn how they begin."""

import numpy as np
from django.db import migrations

NAME = "merge series"


def seed(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=5, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "runs.tasks.merge_series",
            "interval": interval,
            "expire_seconds": 5,
            "description": "Folds the points of long series into large chunks, and draws their overviews.",
        },
    )


def unseed(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


def look(apps, schema_editor):
    """Where each series begins, and whether its steps ever went back."""
    every = apps.get_model("runs", "Series").objects
    stored = apps.get_model("runs", "Chunk").objects
    for series in every.filter(count__gt=0).only("pk").iterator(chunk_size=500):
        before, is_ordered = None, True
        chunks = stored.filter(series=series).order_by("start")
        for packed in chunks.values_list("steps", flat=True).iterator(chunk_size=50):
            steps = np.frombuffer(packed, dtype="<i8")
            is_ordered &= bool((steps[1:] >= steps[:-1]).all())
            is_ordered &= before is None or bool(steps[0] >= before)
            before = steps[-1]
        first = chunks.first()
        if first is None:
            continue
        every.filter(pk=series.pk).update(
            first_step=int(np.frombuffer(first.steps, dtype="<i8")[0]),
            first_time=float(np.frombuffer(first.times, dtype="<f8")[0]),
            is_ordered=is_ordered,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0007_retention_schedule"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RunPython(seed, unseed),
        migrations.RunPython(look, migrations.RunPython.noop),
    ]
