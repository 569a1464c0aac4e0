"""What the queue hangs on a run: its job. Told to the record by `jobs.apps`, since the record knows no jobs."""

from collections.abc import Collection

from jobs.models import Array, Dependency, Job
from jobs.states import FINAL
from runs.models import Run
from runs.ties import Tie


def needed(runs: Collection[int]) -> dict[int, str]:
    """Runs whose job another one waits for or repeats, as long as that other one has not ended."""
    repeated = Job.objects.exclude(status__in=FINAL).filter(retry_of__run__in=runs)
    why = {
        run: f"job {job} repeats its job and has not ended"
        for run, job in repeated.values_list("retry_of__run", "pk")
    }
    awaited = Dependency.objects.exclude(job__status__in=FINAL).filter(on__run__in=runs)
    return why | {
        run: f"job {job} depends on its job and has not ended"
        for run, job in awaited.values_list("on__run", "job")
    }


def let_go(run: Run) -> bool:
    """Delete the run's job with attempts and events; false where the history of another job names it."""
    job = Job.objects.select_for_update(of=("self",)).filter(run=run).first()
    if job is None:
        return True
    named = Dependency.objects.filter(on=job).exists() or Job.objects.filter(retry_of=job).exists()
    if named or not job.is_final:
        return False
    job.delete()
    if job.array_id and not Job.objects.filter(array=job.array_id).exists():
        Array.objects.filter(pk=job.array_id).delete()
    return True


TIE = Tie(needed, let_go)
