"""What may be done to many jobs at once, and what each of these would mean."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from jobs import cancelling, changing, consequences, refusing, requeuing, retrying
from jobs.models import Job
from jobs.phrases import plural, some, span
from jobs.states import JobStatus
from runs.admin_confirming import Deed, Line, Outcome, Plan, Told, each_of

USERS = 10  # named in a sentence
Refusal = Callable[[Job], str]
Sentence = Callable[[list[Job]], str]


class PriorityForm(forms.Form):
    """The column holds 32 bits."""

    priority = forms.IntegerField(
        label="New priority (the higher, the sooner):",
        min_value=-(2**31),
        max_value=2**31 - 1,
        initial=0,
    )


def cancel() -> Deed:
    def words(jobs: list[Job]) -> str:
        return consequences.of_cancelling(Job.objects.filter(pk__in=[job.pk for job in jobs])).words

    def refusal(job: Job) -> str:
        if job.status == JobStatus.CANCELLED:
            return "is cancelled already"
        if job.cancel_requested:
            return "was told to stop already"
        return refusing.to_cancel(job)

    return Deed("Cancel", "cancelled", _foresight(refusal, words), _doing(cancelling.cancel))


def requeue() -> Deed:
    def words(jobs: list[Job]) -> str:
        grace = span(max(job.grace_seconds for job in jobs))
        return (
            f"stops {plural(len(jobs), 'running job')}, up to {grace} after the worker is told, "
            "and queues them once more; what they did since their last checkpoint is lost"
        )

    return Deed(
        "Requeue", "requeued", _foresight(refusing.to_requeue, words), _doing(requeuing.requeue)
    )


def retry() -> Deed:
    def do(request: HttpRequest, jobs: list[Job], told: Told) -> Outcome:
        who, now = request.user.get_username(), timezone.now()
        keys = sorted(job.pk for job in jobs)  # the oldest first, as they were submitted
        return each_of(keys, lambda pk: retrying.retry(pk, actor=who, now=now, once=True))

    def foresee(jobs: list[Job]) -> Plan:
        later = dict(
            Job.objects.filter(retry_of__in=[job.pk for job in jobs]).values_list("retry_of", "pk")
        )

        def refusal(job: Job) -> str:
            again = later.get(job.pk)
            return refusing.to_retry(job) or (
                f"was retried already, as job {again}" if again else ""
            )

        return _foresight(refusal, _words_of_retrying)(jobs)

    return Deed("Retry", "queued again", foresee, do)


def _words_of_retrying(jobs: list[Job]) -> str:
    return f"queues {plural(len(jobs), 'new job')}, with the same commands, as jobs of yours"


def hold() -> Deed:
    def refusal(job: Job) -> str:
        return refusing.to_change(job) or ("is held already" if job.is_held else "")

    words = "{}: not started until released"
    return Deed("Hold", "held", _foresight(refusal, _counted(words)), _doing(changing.hold))


def release() -> Deed:
    def refusal(job: Job) -> str:
        return refusing.to_change(job) or ("" if job.is_held else "is not held")

    words = "{}: started as soon as there is room"
    return Deed(
        "Release", "released", _foresight(refusal, _counted(words)), _doing(changing.release)
    )


def prioritise() -> Deed:
    def do(request: HttpRequest, jobs: list[Job], told: Told) -> Outcome:
        who, now = request.user.get_username(), timezone.now()
        wish = told["priority"]
        return each_of(
            [job.pk for job in jobs],
            lambda pk: changing.set_priority(pk, wish, actor=who, now=now),
        )

    words = "{}: started before those of a lower priority, after those of a higher one"
    foresee = _foresight(refusing.to_change, _counted(words))
    return Deed("Change the priority of", "given the new priority", foresee, do, PriorityForm)


def _doing(deed: Callable[..., object]) -> Callable[[HttpRequest, list[Any], Told], Outcome]:
    def do(request: HttpRequest, jobs: list[Job], told: Told) -> Outcome:
        who, now = request.user.get_username(), timezone.now()
        # The newest first: what waits goes before those whose end would let it start.
        keys = sorted((job.pk for job in jobs), reverse=True)
        return each_of(keys, lambda pk: deed(pk, actor=who, now=now))

    return do


def _counted(words: str) -> Sentence:
    return lambda jobs: words.format(plural(len(jobs), "job"))


def _foresight(refusal: Refusal, sentence: Sentence) -> Callable[[list[Job]], Plan]:
    def foresee(jobs: list[Job]) -> Plan:
        lines = [_line(job, refusal(job)) for job in jobs]
        going = [job for job, line in zip(jobs, lines, strict=True) if not line.refusal]
        sentences = [sentence(going), _whose(going)] if going else []
        return Plan(sentences, lines)

    return foresee


def _whose(jobs: list[Job]) -> str:
    users = Counter(job.user or "nobody" for job in jobs).most_common()
    return "jobs of " + some([f"{user} ({count})" for user, count in users], most=USERS)


def _line(job: Job, refusal: str) -> Line:
    where = f" on {job.worker.worker_id}" if job.worker and not job.is_final else ""
    return Line(
        f"job {job.pk}",
        reverse("admin:jobs_job_change", args=[job.pk]),
        f"{job.name or job.run.key}, {job.status}{where}, of {job.user or 'nobody'}",
        refusal.removeprefix(f"job {job.pk} "),
    )
