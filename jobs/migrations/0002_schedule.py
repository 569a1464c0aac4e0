"""Beat requeues jobs whose lease ran out, every five seconds. People may change the schedule in the admin."""

from django.db import migrations

NAME = "requeue expired leases"


def seed(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=5, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "jobs.tasks.requeue_expired_leases",
            "interval": interval,
            # A Celery that was away must not wake up to a thousand identical sweeps.
            "expire_seconds": 5,
            "description": "Takes jobs from workers that fell silent and gives them another attempt.",
        },
    )


def unseed(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(seed, unseed)]
