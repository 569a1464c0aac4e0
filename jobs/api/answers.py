"""Jobs and workers as JSON, by hand: what serializers describe, in a tenth of the time. A test compares the two."""

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.api.serializers import AttemptSerializer
from jobs.models import Job
from jobs.selectors import WorkerView
from jobs.states import JobStatus, Reason
from runs import storage
from runs.api.answers import stamp

AS_IT_IS = (
    *("id", "name", "command_argv", "workdir", "config", "tags", "status", "attempt"),
    *("exit_code", "reason", "error_message", "project", "user", "priority", "retries"),
    *("retry_exit_codes", "timeout_seconds", "grace_seconds", "stop_signal"),
    *("exclusive", "held_by"),
    "array_index",
)
TIMES = ("created_at", "started_at", "finished_at", "lease_expires_at", "not_before")
NEEDS = ("gpus", "min_memory_mb", "gpu_model", "kind")
COLUMNS = (
    *AS_IT_IS,
    *TIMES,
    *("held_at", "cancel_requested_at", "array_id", "retry_of_id"),
    *("run__key", "worker__worker_id", "requirement__tags"),
    *(f"requirement__{name}" for name in NEEDS),
)
Row = Mapping[str, Any]
OF_WORKER = (
    *("hostname", "gpus", "slots", "cpu_count", "memory_mb", "tags", "labels", "version"),
    *("load", "kinds", "projects", "draining", "disabled"),
)


def job_json(job: Job) -> dict[str, Any]:
    """One job; run, worker and requirement have to be there, or cost a query each."""
    return row_json({column: _at(job, column) for column in COLUMNS})


def row_json(row: Row) -> dict[str, Any]:
    """The same of a job that was read as `COLUMNS` alone, which costs a third of reading it whole."""
    run_id = row["run__key"]
    told = {name: row[name] for name in AS_IT_IS}
    told |= {name: stamp(row[name]) for name in TIMES}
    told |= {name: row[f"requirement__{name}"] for name in NEEDS}
    return told | {
        "require_tags": row["requirement__tags"],
        "worker_id": row["worker__worker_id"],
        "run_id": run_id,
        "url": f"/runs/{run_id}/",
        "cancel_requested": row["cancel_requested_at"] is not None,
        "held": row["held_at"] is not None,
        "array_id": None if row["array_id"] is None else f"A{row['array_id']}",
        "retry_of": row["retry_of_id"],
    }


def _at(job: Job, column: str) -> Any:
    """The value of `run__key` and the like; None behind a worker that is none."""
    value: Any = job
    for part in column.split("__"):
        value = None if value is None else getattr(value, part)
    return value


def job_detail(job: Job) -> dict[str, Any]:
    """The same with its attempts, and with what it waits for or waited for."""
    waits_for = [
        {"job_id": each.on_id, "kind": each.kind, "status": each.on.status}
        for each in job.dependencies.all()
    ]
    attempts = AttemptSerializer(job.attempts.all(), many=True).data
    return job_json(job) | {"attempts": attempts, "after": waits_for}


def array_name(job: Job) -> str | None:
    return None if job.array_id is None else f"A{job.array_id}"


def worker_json(view: WorkerView) -> dict[str, Any]:
    """One worker, as WorkerSerializer describes it."""
    worker = view.worker
    skew = view.skew
    return {name: getattr(worker, name) for name in OF_WORKER} | {
        "id": worker.worker_id,
        "gpu_id": worker.gpus[0]["index"] if worker.gpus else None,
        "status": view.status,
        "version_skew": skew.age,
        "version_note": skew.note,
        "blocked_gpus": [each.for_people() for each in view.blocked],
        "current_job_id": view.attempts[0].job_id if view.attempts else None,
        "heartbeat_at": stamp(worker.heartbeat_at),
        "job_ids": [attempt.job_id for attempt in view.attempts],
    }


def submitted(job: Job) -> dict[str, Any]:
    """The answer to a submission."""
    return {
        "job_id": job.pk,
        "run_id": job.run.key,
        "run_dir": str(storage.run_folder(job.run.key)),
        "status": job.status,
        "message": f"Job {job.pk} {_state(job)}",
        "url": f"/runs/{job.run.key}/",
    }


def submitted_array(jobs: list[Job]) -> dict[str, Any]:
    """The answer to the submission of an array: its first member's, and the numbers of all."""
    first, numbers = jobs[0], [job.pk for job in jobs]
    name = array_name(first)
    message = f"Array {name}: {len(jobs)} jobs, the first one {_state(first)}"
    return submitted(first) | {"array_id": name, "job_ids": numbers, "message": message}


def retried(job: Job) -> dict[str, Any]:
    return submitted(job) | {"retry_of": job.retry_of_id}


def retried_all(jobs: Iterable[Job]) -> dict[str, Any]:
    told = [{"job_id": job.pk, "retry_of": job.retry_of_id} for job in jobs]
    return {"message": f"{len(told)} jobs queued again", "jobs": told}


def _state(job: Job) -> str:
    """What became of a submitted job; of one that was submitted before, it may be anything."""
    if job.status == JobStatus.CANCELLED and job.reason == Reason.DEPENDENCY_FAILED:
        return f"was cancelled at once: {job.error_message}"
    if job.is_held and not job.is_final:
        return "is held until somebody releases it"
    if job.status == JobStatus.WAITING:
        return "waits"
    return str(job.status)  # "Job 7 queued", as whirr 0.5 said it
