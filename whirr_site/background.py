"""The background process: `python -m whirr_site.background`. A Celery worker with beat in one process.

Beat runs in a thread: a forked one would outlive a worker that is killed with -9, and cost another 80 MB.
"""

from typing import Any

from whirr_site import starting


def main() -> None:
    """Work until a signal."""
    starting.set_up_django()
    from celery.beat import EmbeddedService  # noqa: PLC0415  (after the settings were checked)
    from django_celery_beat.schedulers import DatabaseScheduler  # noqa: PLC0415

    from whirr_site.celery import app  # noqa: PLC0415

    beat: Any = EmbeddedService(app, thread=True, scheduler_cls=DatabaseScheduler)
    beat.daemon = True
    beat.start()
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
    app.worker_main(["worker", "--pool", "threads", "--concurrency", "2", *quiet])


if __name__ == "__main__":
    main()
