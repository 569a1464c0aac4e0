"""Fill the data folder of WHIRR_DATA_DIR with names and contents that would act if a page let them.

    WHIRR_DATA_DIR=/tmp/somewhere python -m tests.browser.hostile

A program, because the rows have to be there for a server of another process.
"""

import json
import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from dashboard.models import Page, SavedView, Visibility  # noqa: E402
from jobs import finishing, submitting  # noqa: E402
from jobs.models import Worker  # noqa: E402
from runs import artifacts  # noqa: E402
from runs.models import Run  # noqa: E402
from scripts import seed  # noqa: E402
from tests.browser.evil import FILES, LOG, NOTES, evil  # noqa: E402


def fill() -> None:
    """A worker, running, failed and waiting jobs, an array, views and notes."""
    now = timezone.now()
    worker = seed.a_worker(evil("worker")[:60].replace("/", "|"), evil("card"), 4, 81920, now=now)
    config = {evil("key"): evil("value"), "nested": {evil("inner"): [evil("list")]}}
    for number, ends in ((1, False), (2, True)):
        order = seed.a_job(
            evil(f"name{number}")[:250],
            config | {"lr": number},
            [evil("tag")[:60]],
            [worker],
            now=now,
        )
        lines = [
            {
                "_idx": step,
                "_timestamp": "2030-01-01T12:00:00Z",
                "step": step,
                "loss": 1 / (step + 1),
            }
            | {f"{evil('metric')}/{evil('sub')}"[:250]: step * number}
            for step in range(20)
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        seed.write(order, "metrics.jsonl", text.encode())
        seed.write(order, "output.log", (LOG * 3).encode())
        seed.describe(order, {evil("summary"): evil("told")})
        for name, content in FILES.items():
            data = content.encode()
            run = order.job.run
            run.refresh_from_db()
            artifacts.receive(
                run,
                order.attempt.number,
                f"out/{name}",
                offset=0,
                size=len(data),
                data=data,
                now=now,
            )
        if ends:
            report = finishing.Report(
                str(order.attempt.worker),
                finishing.Outcome.EXITED,
                exit_code=1,
                message=evil("message"),
            )
            finishing.finish(order.job.pk, order.attempt.number, report, now=now)
    wish = seed.a_wish(evil("waits")[:250], config, [evil("tag")[:60]], gpus=8)
    submitting.submit(wish, user=evil("user")[:150], now=now)
    Run.objects.update(
        notes=NOTES,
        notes_by=evil("author")[:150],
        project=evil("project")[:100],
        hostname=evil("host"),
    )
    for visibility in (Visibility.PROJECT, Visibility.PRIVATE):
        SavedView.objects.create(
            **{
                "page": Page.RUNS,
                "name": evil("view")[:100],
                "owner": "owner",
                "visibility": visibility,
            },
            **{
                "project": str(visibility),
                "query": f"q={evil('query')}",
                "created_at": now,
                "changed_at": now,
            },
        )
    Worker.objects.update(heartbeat_at=now + timedelta(days=1))


if __name__ == "__main__":
    call_command("migrate", interactive=False, verbosity=0)
    fill()
