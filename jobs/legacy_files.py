"""Files of whirr 0.5 workers: they write into the server's own data folder and never say so, so the server looks.

Where such a worker does not share the folder, nothing is found, as it was with the server of whirr 0.5.
"""

import logging

from jobs import legacy
from jobs.models import Attempt, Job
from runs import documents, facts, storage, streams
from runs.errors import DomainError

log = logging.getLogger(__name__)

DESCRIBING = ("config.json", *facts.OF_DOCUMENT)


def prepare(job: Job) -> None:
    """Make the folder to which `runs/job-7/artifacts` leads.

    Worker and library of 0.5 both make `artifacts` themselves, and a link to a folder that is not there ends them.
    """
    folder = storage.attempt_folder(job.run, job.attempt) / "artifacts"
    try:
        storage.show_newest(job.run, job.attempt)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("%s cannot be made: %s", folder, error)


def look(job_id: int, name: str) -> None:
    """Take over what the job has logged since, if the worker holds it. Raises NotFound where there is no such job."""
    attempt = legacy.held_attempt(job_id, name)
    if attempt is None:
        return
    _look(attempt, "metrics.jsonl")
    for document in DESCRIBING:
        _look(attempt, document)


def _look(attempt: Attempt, name: str) -> None:
    """One file. A bad one stops neither a heartbeat nor the end of a job."""
    run, number = attempt.job.run, attempt.number
    try:
        size = storage.size_of(storage.attempt_folder(run, number) / name)
        if size and name in DESCRIBING:
            documents.note_shared(run, number, name)
        elif size:
            streams.note_size(run, number, name, size=size)
    except (DomainError, OSError) as error:
        log.warning("%s of %s, attempt %d, cannot be read: %s", name, run.key, number, error)
