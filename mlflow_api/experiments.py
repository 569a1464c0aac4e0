"""Experiments: MLflow's numbers for projects. A project has one as soon as an MLflow client could ask for it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from mlflow_api.models import Experiment, ExperimentTag
from mlflow_api.refusals import Refusal, invalid, missing
from runs.models import Run, RunKind

DEFAULT = "Default"  # what MLflow calls runs without a project
LONGEST = 100  # characters of a project

# From one project to the next over the index: it costs a step for each project, however many runs there are.
PROJECTS = """
    WITH RECURSIVE names(project) AS (
        SELECT MIN(project) FROM runs_run
        UNION ALL
        SELECT (SELECT MIN(project) FROM runs_run WHERE project > names.project)
        FROM names WHERE names.project IS NOT NULL
    ) SELECT project FROM names WHERE project IS NOT NULL
"""


def name_of(experiment: Experiment) -> str:
    """What clients call it."""
    return experiment.project or DEFAULT


def project_of(name: str) -> str:
    """The project that a name means. Raises Refusal for one that cannot name a project."""
    if name == DEFAULT:
        return ""
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise invalid(
            f"An experiment is a project here, so its name needs 1 to {LONGEST} printable characters."
        )
    return name


def take_note(*, now: datetime) -> None:
    """Give a number to every project that has runs and none yet, and to the one without a name."""
    with connection.cursor() as cursor:
        cursor.execute(PROJECTS)
        found = {"", *(row[0] for row in cursor.fetchall())}
    known = set(Experiment.objects.values_list("project", flat=True))
    _number(found - known, now=now)


def _number(projects: Iterable[str], *, now: datetime) -> None:
    """Rows for these projects; the empty one is number 0, which MLflow clients know without asking."""
    rows = [
        Experiment(
            project=project, created_at=now, updated_at=now, **({} if project else {"id": 0})
        )
        for project in sorted(projects)
    ]
    if rows:
        with transaction.atomic():
            for some in ([row for row in rows if row.pk is None], [r for r in rows if r.pk == 0]):
                Experiment.objects.bulk_create(some, ignore_conflicts=True)


def of_projects(projects: Iterable[str], *, now: datetime) -> dict[str, Experiment]:
    """The experiment of each project; those that had no number get one."""
    wanted = set(projects)
    found = {each.project: each for each in Experiment.objects.filter(project__in=wanted)}
    if fresh := wanted - set(found):
        _number(fresh, now=now)
        found |= {each.project: each for each in Experiment.objects.filter(project__in=fresh)}
    return found


def get(experiment_id: str, *, now: datetime) -> Experiment:
    """By its number. Raises Refusal."""
    if experiment_id == "0":
        return of_projects([""], now=now)[""]
    number = int(experiment_id) if experiment_id.isascii() and experiment_id.isdigit() else -1
    found = Experiment.objects.filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise missing(f"No Experiment with id={experiment_id[:40]} exists")
    return found


def named(name: str, *, now: datetime) -> Experiment:
    """By its name. Raises Refusal where there is neither an experiment nor a run of such a project."""
    project = "" if name == DEFAULT else name
    found = Experiment.objects.filter(project=project).first()
    if found is None and (project == "" or Run.objects.filter(project=project).exists()):
        found = of_projects([project], now=now)[project]
    if found is None:
        raise missing(f"Could not find experiment with name '{name[:200]}'")
    return found


def create(name: str, tags: dict[str, str], *, now: datetime) -> Experiment:
    """A new one. Raises Refusal where the name is taken, by a deleted one too."""
    project = project_of(name)
    taken = project == "" or Run.objects.filter(project=project).exists()
    try:
        with transaction.atomic():
            if not taken:
                made = Experiment.objects.create(project=project, created_at=now, updated_at=now)
                _put_tags(made, tags)
                return made
    except IntegrityError:
        pass
    there = named(name, now=now)
    state = "deleted" if there.deleted_at else "active"
    raise Refusal(
        "RESOURCE_ALREADY_EXISTS",
        f"Experiment '{name}' already exists in {state} state (experiment_id {there.pk}).",
    )


def rename(experiment: Experiment, name: str, *, now: datetime) -> None:
    """Another name, for the runs' project too. Raises Refusal where jobs are in it: they carry its name themselves."""
    project = project_of(name)
    if experiment.pk == 0 or project == "":
        raise invalid("Experiment 0 holds what has no project; it keeps its name.")
    if project == experiment.project:
        return
    with transaction.atomic():
        mine = Run.objects.filter(project=experiment.project)
        if mine.exclude(kind=RunKind.DIRECT).exists():
            raise invalid(
                f"Project '{experiment.project}' has jobs, which name it; it cannot be renamed."
            )
        theirs = Run.objects.filter(project=project).exists()
        if theirs or Experiment.objects.filter(project=project).exists():
            raise Refusal("RESOURCE_ALREADY_EXISTS", f"Experiment '{name}' already exists.")
        mine.update(project=project)
        experiment.project, experiment.updated_at = project, now
        experiment.save(update_fields=["project", "updated_at"])


def set_deleted(experiment: Experiment, *, deleted: bool, now: datetime) -> None:
    """Hide it and its runs from MLflow clients, or show them again. Nothing is erased."""
    if deleted and experiment.pk == 0:
        raise invalid("Experiment 0 cannot be deleted: it holds the runs without a project.")
    experiment.deleted_at = now if deleted else None
    experiment.updated_at = now
    experiment.save(update_fields=["deleted_at", "updated_at"])


def _put_tags(experiment: Experiment, tags: dict[str, str]) -> None:
    ExperimentTag.objects.bulk_create(
        [ExperimentTag(experiment=experiment, key=key, value=tags[key]) for key in tags],
        update_conflicts=True,
        unique_fields=["experiment", "key"],
        update_fields=["value"],
    )


def set_tag(experiment: Experiment, key: str, value: str, *, now: datetime) -> None:
    """Set, or set anew."""
    _put_tags(experiment, {key: value})
    Experiment.objects.filter(pk=experiment.pk).update(updated_at=now)


def delete_tag(experiment: Experiment, key: str) -> None:
    """Raises Refusal where there is none."""
    gone, _ = ExperimentTag.objects.filter(experiment=experiment, key=key).delete()
    if not gone:
        raise missing(f"No tag with name: {key} in experiment with id {experiment.pk}")


def among(experiment_ids: Iterable[str], *, now: datetime) -> list[Experiment]:
    """Those of these numbers that exist."""
    wanted = set(experiment_ids)
    if "0" in wanted:
        of_projects([""], now=now)
    numbers = [int(each) for each in wanted if each.isascii() and each.isdigit() and len(each) < 19]
    return list(Experiment.objects.filter(pk__in=numbers))
