from django.db import models
from django.db.models import F, Q

from jobs.models.job import Job
from jobs.states import After


class Dependency(models.Model):
    """`job` waits until `on` has ended in the way that `kind` names."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="dependencies")
    on = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="dependents")
    kind = models.CharField(max_length=8, choices=After, default=After.OK)

    class Meta:
        verbose_name_plural = "dependencies"
        constraints = (
            models.UniqueConstraint(fields=["job", "on"], name="dependency_once"),
            models.CheckConstraint(name="dependency_not_on_itself", condition=~Q(job=F("on"))),
        )

    def __str__(self) -> str:
        return f"job {self.job_id} after{self.kind} job {self.on_id}"
