from django.db import models


class Array(models.Model):
    """Jobs that were submitted as one, differing in an index. Known to people as `A<number>`."""

    spec = models.CharField(max_length=255)  # as it was asked for: 0-99%8
    max_active = models.PositiveIntegerField(null=True)  # members queued or running at a time
    user = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"A{self.pk}"
