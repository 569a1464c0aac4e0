from django.db import models


class Pulse(models.Model):
    """One row: when a web process last said that it answers requests. While it is silent nobody can renew a lease."""

    at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(name="pulse_single_row", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"alive at {self.at}"
