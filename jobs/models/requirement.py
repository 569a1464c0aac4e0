from django.db import models


class Requirement(models.Model):
    """What a job needs of a worker. Jobs with equal needs share a row, so an agent is matched once per kind of need."""

    gpus = models.PositiveSmallIntegerField(
        null=True
    )  # NULL: one slot, be it a GPU or not; 0: surely no GPU
    min_memory_mb = models.PositiveIntegerField(default=0)  # of each GPU
    tags = models.JSONField(default=list)  # sorted; the worker must carry all of them
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
        if self.min_memory_mb:
            parts.append(f"{self.min_memory_mb / 1024:g} GiB each")
        return ", ".join([*parts, *(f"tag {tag}" for tag in self.tags)])
