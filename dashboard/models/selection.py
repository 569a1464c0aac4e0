from django.db import models
from django.utils import timezone


class Selection(models.Model):
    """Runs that somebody chose, too many for a URL. `key` is made from their ids: the same runs have one row."""

    key = models.CharField(max_length=16, unique=True)
    runs = models.JSONField()  # ids, in order
    created_at = models.DateTimeField()
    # To a day; what nobody uses is taken away.
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.key
