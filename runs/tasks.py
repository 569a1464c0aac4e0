"""Celery's way into the record."""

from celery import shared_task
from django.utils import timezone

from runs import adopting


@shared_task(ignore_result=True)
def adopt_direct_runs() -> int:
    """Find direct runs in the server's own data folder, and what they logged since."""
    return adopting.adopt_all(now=timezone.now())
