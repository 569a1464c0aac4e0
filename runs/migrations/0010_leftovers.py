"""Beat takes away every hour what uploads and deletions that broke off have left behind."""

from django.db import migrations

NAME = "sweep leftovers"


def seed(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=1, period="hours"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "runs.tasks.sweep_leftovers",
            "interval": interval,
            "expire_seconds": 3600,
            "description": "Takes away files of uploads that nobody went on with for a day, and of deletions.",
        },
    )


def unseed(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0009_breaks"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(seed, unseed)]
