from django.db import models


class Selection(models.Model):
    """Runs that somebody chose, too many for a URL. `key` is made from their ids: the same runs have one row."""

    key = models.CharField(max_length=16, unique=True)
    runs = models.JSONField()  # ids, in order
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
