from django.db import models


class Visit(models.Model):
    """When somebody looked at the overview. `last` is the newest look; `since` the last one of the visit before."""

    name = models.CharField(max_length=150, unique=True)
    since = models.DateTimeField()
    last = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
