"""Celery's way into the queue: each task wraps one step that anybody may call."""

from celery import shared_task

from jobs import pulse
from runs import clock


@shared_task(ignore_result=True)
def requeue_expired_leases() -> int:
    """Sweep: rescue jobs of silent workers above all, unless it is the server that was silent."""
    now = clock.now()
    return pulse.sweep(now=now) if pulse.web_is_alive(now=now) else 0
