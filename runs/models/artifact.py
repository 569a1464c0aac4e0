from django.db import models
from django.db.models import F, Q

from runs.models.run import Run


class Artifact(models.Model):
    """A file that a run kept. `path` is what the run calls it; `blob` is where the server keeps the bytes.

    The two never touch: `path` comes from outside and is only shown; `blob` is made here and is only opened. While
    parts arrive it is a random name; once all are there it is the content's sha256 in hexadecimal, and artifacts of
    the same content have the same. An empty `blob` means that agent and server share the disk, and that the file was
    found in the run's own folder.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts")
    attempt = models.PositiveIntegerField()
    path = models.CharField(max_length=512)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    blob = models.CharField(max_length=64, blank=True, db_index=True)
    modified_at = models.DateTimeField()

    class Meta:
        ordering = ("path",)
        constraints = (
            models.UniqueConstraint(fields=["run", "attempt", "path"], name="artifact_once"),
            models.CheckConstraint(
                name="artifact_sizes", condition=Q(received__gte=0, size__gte=F("received"))
            ),
        )

    def __str__(self) -> str:
        return self.path

    @property
    def is_complete(self) -> bool:
        return self.received == self.size
