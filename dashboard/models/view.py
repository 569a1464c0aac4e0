from django.db import models
from django.db.models import Q


class Page(models.TextChoices):
    """Pages whose state can be saved."""

    RUNS = "runs", "runs"
    COMPARE = "compare", "compare"


class Visibility(models.TextChoices):
    """Who sees a saved view: its owner, or everybody who looks at the project."""

    PRIVATE = "private", "private"
    PROJECT = "project", "project"


class SavedView(models.Model):
    """A page's state under a name. `query` is the query string of its URL, which is the whole state."""

    page = models.CharField(max_length=16, choices=Page)
    project = models.CharField(max_length=100, blank=True)  # empty: all projects
    name = models.CharField(max_length=100)
    owner = models.CharField(max_length=150)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.PRIVATE)
    # What the page shows to whoever asks for nothing else.
    is_default = models.BooleanField(default=False)
    query = models.TextField(blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["page", "project", "owner", "name"], name="view_named_once"
            ),
            models.UniqueConstraint(
                fields=["page", "project"],
                name="view_one_default",
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(
                name="view_default_is_shared",
                condition=Q(is_default=False) | Q(visibility="project"),
            ),
        )

    def __str__(self) -> str:
        return self.name
