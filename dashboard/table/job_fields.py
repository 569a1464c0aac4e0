"""What the queue knows of a run, as fields of the filter and columns of the table. The record itself knows no jobs."""

from typing import Any

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from jobs.models import Attempt, Job, Worker
from jobs.states import Reason
from runs.query import fields
from runs.query.fields import Field

JOB_COLUMNS = ("worker", "gpus", "reason", "exit", "priority", "array")


class NewestWorker(Func):
    """As SQL of its own: Django takes milliseconds to put a subquery together, and a filter may have a hundred."""

    output_field = TextField()
    template = (
        f"(SELECT taken.worker_name FROM {Attempt._meta.db_table} taken"  # noqa: S608
        f" INNER JOIN {Job._meta.db_table} mine ON mine.id = taken.job_id"
        " WHERE (mine.run_id, taken.number) = (%(expressions)s) LIMIT 1)"
    )


def worker_name(run: str = "") -> Any:
    """The worker of the newest attempt, also after its row is gone. `run`: how to get to the run, as `run__`."""
    return NewestWorker(F(f"{run}id"), F(f"{run}attempt"))


def gpu_count(run: str = "") -> Any:
    """How many GPUs its job asks for; one where it asks for a slot."""
    return Coalesce(F(f"{run}job__requirement__gpus"), F(f"{run}job__requirement_id") * 0 + 1)


def workers_like(beginning: str, most: int) -> list[str]:
    """Names of workers that have `beginning` in them."""
    found = Worker.objects.filter(worker_id__icontains=beginning).order_by("worker_id")
    return list(found.values_list("worker_id", flat=True)[:most])


def register() -> None:
    """Once, when the server starts."""
    reason = NullIf(F("job__reason"), Value(""))
    for each in (
        Field(
            "worker",
            "text",
            "the worker of its newest attempt",
            lambda _: worker_name(),
            values=workers_like,
        ),
        Field("gpus", "number", "how many GPUs its job asks for", lambda _: gpu_count()),
        Field("reason", "choice", "why its job ended", lambda _: reason, tuple(Reason.values)),
        Field("exit", "number", "the exit code of its job", lambda _: F("job__exit_code")),
        Field("priority", "number", "the priority of its job", lambda _: F("job__priority")),
        Field(
            "array",
            "number",
            "the array that its job is of",
            lambda _: F("job__array_id"),
            letter="A",
        ),
    ):
        fields.add(each)
