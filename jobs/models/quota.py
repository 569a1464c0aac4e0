from django.db import models


class Scope(models.TextChoices):
    USER = "user", "user"
    PROJECT = "project", "project"


class Quota(models.Model):
    """The most that one user or project may have at a time. An empty name: each one that has no row of its own."""

    scope = models.CharField(max_length=8, choices=Scope)
    name = models.CharField(max_length=150, blank=True)
    running_gpus = models.PositiveIntegerField(null=True, blank=True)
    running_jobs = models.PositiveIntegerField(null=True, blank=True)
    queued_jobs = models.PositiveIntegerField(null=True, blank=True)  # waiting ones included

    class Meta:
        ordering = ("scope", "name")
        constraints = (
            models.UniqueConstraint(fields=["scope", "name"], name="quota_once"),
            models.CheckConstraint(
                name="quota_scope_known", condition=models.Q(scope__in=Scope.values)
            ),
        )

    def __str__(self) -> str:
        return f"{self.scope} {self.name}" if self.name else f"every {self.scope}"


class Usage(models.Model):
    """GPU-seconds that a user's or a project's ended attempts took, decayed to the time `at`. Fair share reads it."""

    scope = models.CharField(max_length=8, choices=Scope)
    name = models.CharField(max_length=150)
    gpu_seconds = models.FloatField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scope", "name"], name="usage_once"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.name}: {self.gpu_seconds:.0f} GPU-seconds"
