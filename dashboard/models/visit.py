from django.db import models


class Visit(models.Model):
    """When somebody looked at the overview: `since` is the visit before this one, of which `last` is the newest look."""

    name = models.CharField(max_length=150, unique=True)
    since = models.DateTimeField()
    last = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
