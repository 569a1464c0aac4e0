"""What is said about a job, in a shape that tests compare."""

from typing import Any

from jobs import explaining
from jobs.explaining import Explanation
from jobs.models import Job
from jobs.reasons import Why
from tests.jobs.factories import (
    after,
    gpu,
)

GIB = 1024


def explain(job: Job, seconds: float = 0) -> Explanation:
    return explaining.explain(job.pk, now=after(seconds))


def codes(found: Explanation) -> list[str]:
    return [each.code.value for each in found.reasons]


def words(found: Explanation, code: Why) -> str:
    return next(each.text for each in found.reasons if each.code == code)


def verdicts(found: Explanation) -> dict[str, tuple[str, str]]:
    return {fit.worker.worker_id: (fit.verdict.value, fit.text) for fit in found.workers}


def small_gpus(count: int = 1) -> list[dict[str, Any]]:
    return [gpu(index, 24 * GIB) for index in range(count)]
