from jobs.models.array import Array
from jobs.models.attempt import Attempt
from jobs.models.dependency import Dependency
from jobs.models.event import JobEvent, WorkerEvent
from jobs.models.job import Job
from jobs.models.pulse import Pulse
from jobs.models.quota import Quota, Scope, Usage
from jobs.models.requirement import Requirement
from jobs.models.sample import LoadSample
from jobs.models.worker import Worker

__all__ = [
    "Array",
    "Attempt",
    "Dependency",
    "Job",
    "JobEvent",
    "LoadSample",
    "Pulse",
    "Quota",
    "Requirement",
    "Scope",
    "Usage",
    "Worker",
    "WorkerEvent",
]
