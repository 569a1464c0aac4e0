from django.db import models

from runs.models import Run

KEY = 250  # characters of a key, as in MLflow


class Experiment(models.Model):
    """The number by which MLflow knows a project. Number 0 is MLflow's "Default": runs without a project."""

    project = models.CharField(max_length=100, unique=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.project


class ExperimentTag(models.Model):
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="tags")
    key = models.CharField(max_length=KEY)
    value = models.TextField(blank=True)

    class Meta:
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(fields=["experiment", "key"], name="experiment_tag_once"),
        )

    def __str__(self) -> str:
        return self.key


class TrackedRun(models.Model):
    """What MLflow clients told of a run and no page of whirr asks for.

    `made_here`: an MLflow client made the run, so MLflow clients may go on writing to it. What other runs hold comes
    from their own files, and from there alone.
    """

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, primary_key=True, related_name="mlflow"
    )
    made_here = models.BooleanField(default=False)
    inputs = models.JSONField(default=list, blank=True)  # data sets: MLflow's DatasetInput
    models_in = models.JSONField(default=list, blank=True)  # MLflow's ModelInput
    models_out = models.JSONField(default=list, blank=True)  # MLflow's ModelOutput

    def __str__(self) -> str:
        return str(self.run)


class Param(models.Model):
    """A parameter to the letter; the run's config has it too, as the number that it may be."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="mlflow_params")
    key = models.CharField(max_length=KEY)
    value = models.TextField(blank=True)

    class Meta:
        ordering = ("key",)
        constraints = (models.UniqueConstraint(fields=["run", "key"], name="param_once"),)

    def __str__(self) -> str:
        return self.key


class RunTag(models.Model):
    """A tag to the letter; those of a person are also among the run's tags, as `key=value`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="mlflow_tags")
    key = models.CharField(max_length=KEY)
    value = models.TextField(blank=True)

    class Meta:
        ordering = ("key",)
        constraints = (models.UniqueConstraint(fields=["run", "key"], name="run_tag_once"),)

    def __str__(self) -> str:
        return self.key


class LoggedModel(models.Model):
    """A model that a run logged (MLflow 3). Its files are artifacts of that run, below `models/<model id>/`."""

    model_id = models.CharField(max_length=34, unique=True)  # m-<32 hex digits>
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="mlflow_models")
    name = models.CharField(max_length=500)
    model_type = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.model_id
