from datetime import datetime, timedelta

from django.db import models

from jobs.states import WorkerStatus

# An agent is silent for at most one hold (25 s) plus a lost answer; after this long it counts as offline.
OFFLINE_AFTER = timedelta(seconds=75)


class Worker(models.Model):
    """A node, or one GPU of it, as its agent describes it. What it is doing is read from attempts, not kept here."""

    worker_id = models.CharField(max_length=128, unique=True)
    session = models.CharField(
        max_length=64, blank=True
    )  # tells a restarted agent from another one of the same name
    hostname = models.CharField(max_length=255)
    gpus = models.JSONField(default=list)  # [{index, name, uuid, memory_mb}]
    slots = models.PositiveSmallIntegerField(default=1)  # jobs at a time where there is no GPU
    cpu_count = models.PositiveIntegerField(default=0)
    memory_mb = models.PositiveIntegerField(default=0)
    tags = models.JSONField(default=list, blank=True)  # that its agent announces, with each start
    labels = models.JSONField(default=list, blank=True)  # that administrators added; count as tags
    kinds = models.JSONField(default=list, blank=True)  # of jobs that it runs; empty: commands
    projects = models.JSONField(default=list, blank=True)  # that it serves; empty: all
    version = models.CharField(max_length=32, blank=True)
    python = models.CharField(max_length=32, blank=True)
    platform = models.CharField(max_length=128, blank=True)
    load = models.JSONField(default=dict, blank=True)
    draining = models.BooleanField(default=False)
    disabled = models.BooleanField(default=False)
    # Small jobs leave this worker's GPUs alone until that job fits: one worker a job, one job a worker.
    reserved_for = models.OneToOneField(
        "jobs.Job",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="reservation",
    )
    reserved_at = models.DateTimeField(null=True, blank=True)
    sync_serial = models.BigIntegerField(
        default=0
    )  # of the newest held request; older ones are released
    turn = models.BigIntegerField(default=0)  # the agent's own number of its newest request
    online = models.BooleanField(default=True)  # false once it said goodbye
    registered_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    class Meta:
        ordering = ("worker_id",)
        indexes = (models.Index(fields=["heartbeat_at"], name="worker_heartbeat"),)

    def __str__(self) -> str:
        return self.worker_id

    @property
    def carries(self) -> set[str]:
        """What a job may require of it, whoever set it."""
        return {*self.tags, *self.labels}

    @property
    def disk_full(self) -> bool:
        """Its agent takes no jobs until there is room on its disk."""
        return isinstance(self.load, dict) and self.load.get("disk_low") is True

    def is_online(self, *, now: datetime) -> bool:
        return self.online and now - self.heartbeat_at < OFFLINE_AFTER

    def status(self, *, now: datetime, busy: bool) -> WorkerStatus:
        """The word for lists and pages; `busy`: it has a running attempt."""
        if not self.is_online(now=now):
            return WorkerStatus.OFFLINE
        if self.disabled:
            return WorkerStatus.DISABLED
        if self.draining:
            return WorkerStatus.DRAINING
        return WorkerStatus.BUSY if busy else WorkerStatus.IDLE
