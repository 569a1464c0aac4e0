from django.db import models


class Visit(models.Model):
    """When somebody looked at the overview. `last` is the newest look; `since` the last one of the visit before."""

    name = models.CharField(max_length=150, unique=True)
    since = models.DateTimeField()
    last = models.DateTimeField()
    # Whoever knows how to begin closes the list of first steps; it is not shown to them again.
    steps_closed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
