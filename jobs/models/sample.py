from django.db import models

from jobs.models.worker import Worker


class LoadSample(models.Model):
    """What a worker's agent reported in one minute: a point of the small charts on its card.

    `data` is {"cpu": 0..1, "memory": 0..1, "gpus": [{"index", "use": 0..1, "memory": 0..1, "celsius", "watts"}]}; a
    number that was not reported is left out. Rows live for some hours.
    """

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="samples")
    minute = models.DateTimeField()  # its beginning
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("worker", "minute")
        constraints = (
            models.UniqueConstraint(fields=["worker", "minute"], name="sample_once_a_minute"),
        )
        indexes = (models.Index(fields=["minute"], name="sample_by_minute"),)

    def __str__(self) -> str:
        return f"{self.worker_id} at {self.minute:%H:%M}"
