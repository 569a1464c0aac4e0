from django.db import models

COMMAND = "command"  # the kind of job that a worker runs which names no others


class Requirement(models.Model):
    """What a job needs of a worker, and for whom. Jobs that agree in it share a row, and are one lane of the queue.

    A row never changes, so processes may keep it in memory. An agent is matched once per row, not once per job.
    """

    gpus = models.PositiveSmallIntegerField(
        null=True
    )  # NULL: one slot, be it a GPU or not; 0: surely no GPU
    min_memory_mb = models.PositiveIntegerField(default=0)  # of each GPU
    gpu_model = models.CharField(max_length=100, blank=True)  # part of the GPU's name; case is moot
    tags = models.JSONField(default=list)  # sorted; the worker must carry all of them
    kind = models.CharField(max_length=32, default=COMMAND)
    project = models.CharField(max_length=100, blank=True)
    user = models.CharField(max_length=150, blank=True)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="requirement_memory_needs_gpus",
                condition=models.Q(gpus__isnull=True)
                | models.Q(gpus__gt=0)
                | models.Q(min_memory_mb=0),
            ),
        )

    def __str__(self) -> str:
        words = {None: "one slot", 0: "no GPU", 1: "1 GPU"}
        parts = [words.get(self.gpus, f"{self.gpus} GPUs")]
        if self.gpu_model:
            parts.append(self.gpu_model)
        if self.min_memory_mb:
            parts.append(f"{self.min_memory_mb / 1024:g} GiB each")
        if self.kind != COMMAND:
            parts.append(f"kind {self.kind}")
        return ", ".join([*parts, *(f"tag {tag}" for tag in self.tags)])

    @property
    def wants_gpu(self) -> bool:
        """Whether a slot without a GPU can surely not serve."""
        return bool(self.gpus) or (self.gpus is None and bool(self.min_memory_mb or self.gpu_model))
