"""Beat applies the rules of retention every hour, and empties the trash of what is past its grace every ten minutes."""

from django.db import migrations

TASKS = (
    ("apply retention rules", "runs.tasks.apply_retention", 60, "Moves runs that a project's rule names into the trash."),
    ("empty the trash", "runs.tasks.purge_trash", 10, "Deletes for good what has been in the trash for longer than the grace."),
)


def seed(apps, schema_editor):
    for name, task, minutes, description in TASKS:
        interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
            every=minutes, period="minutes"
        )
        apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
            name=name,
            defaults={
                "task": task,
                "interval": interval,
                "expire_seconds": 60 * minutes,
                "description": description,
            },
        )


def unseed(apps, schema_editor):
    names = [name for name, *_ in TASKS]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0006_retention"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(seed, unseed)]
