from jobs.models.attempt import Attempt
from jobs.models.event import JobEvent
from jobs.models.job import Job
from jobs.models.pulse import Pulse
from jobs.models.requirement import Requirement
from jobs.models.worker import Worker

__all__ = ["Attempt", "Job", "JobEvent", "Pulse", "Requirement", "Worker"]
