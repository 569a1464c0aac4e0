"""Runs that MLflow clients deleted are in the trash, like those that were deleted elsewhere; the grace begins now."""

from django.db import migrations
from django.utils import timezone


def to_the_trash(apps, schema_editor):
    tracked = apps.get_model("mlflow_api", "TrackedRun").objects.filter(deleted_at__isnull=False)
    there = apps.get_model("runs", "Run").objects.filter(pk__in=tracked.values("run"), trashed_at__isnull=True)
    there.filter(status__in=["completed", "failed", "cancelled"]).update(
        trashed_at=timezone.now(), trashed_by="an MLflow client"
    )


class Migration(migrations.Migration):
    dependencies = [("mlflow_api", "0001_initial"), ("runs", "0006_retention")]
    operations = [
        migrations.RunPython(to_the_trash, migrations.RunPython.noop),
        migrations.RemoveField(model_name="trackedrun", name="deleted_at"),
    ]
