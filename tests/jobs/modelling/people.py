"""What people do: submit, cancel, retry, hold, and set limits."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from jobs import cancelling, changing, retrying, submitting
from jobs.errors import DomainError, IllegalMove, LimitReached
from jobs.models import Job, Quota
from jobs.states import After
from jobs.submitting import Submission
from tests.jobs.modelling.base import Base
from tests.jobs.modelling.model import FINAL, MET_BY, Task
from tests.jobs.modelling.nodes import Limit, Need

PICK = st.integers(0, 50)
LATELY = st.integers(0, 5)  # one of the newest jobs
NEEDS = st.sampled_from(
    [
        {},
        {},
        {"gpus": 1},
        {"gpus": 2},
        {"gpus": 4},
        {"gpus": 0},
        {"gpus": 1, "min_memory_mb": 30},
        {"require_tags": ["fast"]},
    ]
)
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.integers(-1, 2),
        "retries": st.integers(1, 2),
        "retry_exit_codes": st.just([3]),
        "timeout_seconds": st.sampled_from([10, 100]),
        "held": st.booleans(),
        "project": st.just("p"),
    },
)
AFTER = st.lists(st.tuples(LATELY, st.sampled_from(sorted(MET_BY))), max_size=2)
USERS = st.sampled_from(["ada", "bob"])


CHAIN = st.lists(st.sampled_from(["ok", "ok", "any", "notok"]), min_size=2, max_size=4)


class People(Base):
    @initialize(plans=st.lists(st.tuples(USERS, NEEDS, EXTRAS, AFTER), min_size=3, max_size=8))
    def a_queue_to_begin_with(self, plans: list[Any]) -> None:
        for plan in plans:
            self.submit(*plan)

    @rule(
        user=USERS,
        kinds=CHAIN,
        most=st.integers(0, 2),
        gone=st.lists(st.integers(0, 7), max_size=2),
    )
    def submit_chain(self, user: str, kinds: list[str], most: int, gone: list[int]) -> None:
        """One after the other, and an array at its end; some of them are cancelled at once."""
        self.submit(user, {}, {}, [])
        for kind in kinds:
            self.submit(user, {}, {}, [(0, kind)])
        self.submit_array(user, {}, [(0, "ok")], 3, most)
        self.cancel_some(gone)

    @rule(user=USERS, needs=NEEDS, extras=EXTRAS, after=AFTER)
    def submit(self, user: str, needs: Any, extras: Any, after: Any) -> None:
        wish = self.wish(needs | extras, after)
        if self.refuses(wish, user, 1):
            return
        self.take_in([submitting.submit(wish, user=user, now=self.now)], wish)

    @rule(user=USERS, extras=EXTRAS, after=AFTER, size=st.integers(1, 5), most=st.integers(0, 3))
    def submit_array(self, user: str, extras: Any, after: Any, size: int, most: int) -> None:
        wish = self.wish(extras, after)
        spec = f"0-{size - 1}" + (f"%{most}" if most else "")
        if self.refuses(wish, user, size):
            return
        jobs = submitting.submit_array(wish, spec, user=user, now=self.now)
        assert [job.array_index for job in jobs] == list(range(size))
        self.model.arrays[jobs[0].array_id or 0] = most or None
        self.take_in(jobs, wish)

    def wish(self, told: dict[str, Any], after: list[tuple[int, str]]) -> Submission:
        picked = [(self.some_task(pick), kind) for pick, kind in after]
        edges = {task.pk: After(kind) for task, kind in picked if task}
        return Submission(["train"], "/work", after=list(edges.items()), **told)

    def refuses(self, wish: Submission, user: str, count: int) -> bool:
        """Over a quota, nothing is queued."""
        if not self.model.queue_is_full(need_of(wish, user), count):
            return False
        try:
            submitting.submit_array(wish, f"1-{count}", user=user, now=self.now)
        except LimitReached:
            return True
        raise AssertionError("more jobs were queued than the quota allows")

    def take_in(self, jobs: list[Job], wish: Submission) -> None:
        self.model.add(
            [
                Task(
                    job.pk,
                    need_of(wish, job.user),
                    wish.priority,
                    wish.retries,
                    tuple(wish.retry_exit_codes),
                    wish.timeout_seconds,
                    after={on: kind.value for on, kind in wish.after},
                    array=job.array_id,
                    held=wish.held,
                )
                for job in jobs
            ]
        )

    def cancel(self, pick: int) -> None:
        task = self.some_task(pick)
        if task is None:
            return
        try:
            before = cancelling.cancel(task.pk, actor="eve", now=self.now)
        except IllegalMove:
            assert task.status in FINAL
            return
        assert before == task.status
        if before != "cancelled":  # asked again: that is an answer, and changes nothing
            self.wish_gone([task])

    @rule(picks=st.lists(LATELY, min_size=1, max_size=3))
    def somebody_cancels(self, picks: list[int]) -> None:
        if len(picks) == 1:
            self.cancel(picks[0])
        else:
            self.cancel_some(picks)

    def cancel_some(self, picks: list[int]) -> None:
        self.model.fill_arrays(
            set(Job.objects.filter(status="queued").values_list("pk", flat=True))
        )
        found = {task.pk: task for pick in picks if (task := self.some_task(pick))}
        jobs = Job.objects.filter(pk__in=list(found))
        ended, asked = cancelling.cancel_all(jobs, actor="eve", now=self.now)
        tasks = [task for task in found.values() if task.status not in FINAL]
        assert asked == sorted(task.pk for task in tasks if task.status == "running")
        assert set(ended) <= {task.pk for task in tasks}
        self.wish_gone(tasks)

    def wish_gone(self, tasks: list[Task]) -> None:
        for task in tasks:
            task.cancel = True
            if task.status != "running":
                task.status, task.reason = "cancelled", "cancelled_by"
        self.model.cascade()

    @rule(pick=PICK, verb=st.sampled_from(["hold", "release", "priority"]), level=st.integers(0, 3))
    def change(self, pick: int, verb: str, level: int) -> None:
        task = self.some_task(pick, "waiting", "queued", "running", "completed")
        if task is None:
            return
        told = {"actor": "eve", "now": self.now}
        try:
            if verb == "priority":
                changing.set_priority(task.pk, level, **told)  # type: ignore[arg-type]
            else:
                getattr(changing, verb)(task.pk, **told)
        except IllegalMove:
            assert task.status in FINAL | {"running"}
            return
        assert task.status in ("waiting", "queued")
        task.touched = True
        task.held = {"hold": True, "release": False}.get(verb, task.held)
        task.priority = level if verb == "priority" else task.priority

    @rule(pick=st.none() | PICK)
    def somebody_retries(self, pick: int | None) -> None:
        if pick is None:
            self.retry_all()
        else:
            self.retry(pick)

    def retry(self, pick: int) -> None:
        task = self.some_task(pick, *FINAL)
        if task is None:
            return
        after = self.parents_again(task)
        full = self.model.queue_is_full(task.need, 1)
        try:
            job = retrying.retry(task.pk, actor="", now=self.now)
        except DomainError as refusal:
            assert full or after is None, refusal
            return
        assert after is not None and not full
        self.retried(task, job, after)

    def retry_all(self) -> None:
        """All that failed, oldest first; what cannot be meant is left out, and a full queue ends it there."""
        candidates = [
            task
            for task in self.model.tasks.values()
            if task.status in ("failed", "cancelled") and not self.retries_of(task)
        ]
        stopped = False
        try:
            retrying.retry_all(Job.objects.all(), actor="", now=self.now)
        except LimitReached:
            stopped = True
        made = Job.objects.filter(retry_of__in=[task.pk for task in candidates])
        again = {job.retry_of_id: job for job in made}
        for task in sorted(candidates, key=lambda task: task.pk):
            after = self.parents_again(task)
            if after is not None and self.model.queue_is_full(task.need, 1):
                assert stopped, f"{task} was retried beyond a quota"
                break
            assert (task.pk in again) == (after is not None)
            if after is not None:
                self.retried(task, again.pop(task.pk), after)
        else:
            assert not stopped, "there was room"
        assert not again, f"retried after all: {list(again)}"

    def retried(self, task: Task, job: Job, after: dict[int, str]) -> None:
        told = (task.need, task.priority, task.retries, task.codes, task.timeout)
        again = Task(job.pk, *told, after=after, array=task.array, retry_of=task.pk)
        self.model.add([again])
        self.model.fill_arrays(
            set(Job.objects.filter(status="queued").values_list("pk", flat=True))
        )

    def retries_of(self, task: Task) -> list[Task]:
        return [each for each in self.model.tasks.values() if each.retry_of == task.pk]

    def newest(self, task: Task) -> Task:
        while later := self.retries_of(task):
            task = later[-1]
        return task

    def parents_again(self, task: Task) -> dict[int, str] | None:
        """What a retry has to wait for; None where it is refused."""
        newest = self.newest(task)
        if newest is not task and newest.status not in FINAL:
            return None
        wanted = {}
        for on, kind in sorted(task.after.items()):
            parent = self.newest(self.model.tasks[on])
            if self.model.tasks[on].status in MET_BY[kind]:
                continue
            if parent.status in FINAL - MET_BY[kind]:
                return None
            wanted[parent.pk] = kind
        return wanted

    @rule(
        scope=st.sampled_from(["user", "project"]),
        own=st.booleans(),
        gpus=st.sampled_from([None, 1, 2, 3]),
        jobs=st.sampled_from([None, 1, 2, 3]),
        queued=st.sampled_from([None, None, 12]),
        gone=st.booleans(),
    )
    def limit(self, scope: str, own: bool, gpus: Any, jobs: Any, queued: Any, gone: bool) -> None:
        name = {"user": "ada", "project": "p"}[scope] if own else ""
        if gone:
            Quota.objects.filter(scope=scope, name=name).delete()
            self.model.limits.pop((scope, name), None)
            return
        told = {"running_gpus": gpus, "running_jobs": jobs, "queued_jobs": queued}
        Quota.objects.update_or_create(scope=scope, name=name, defaults=told)
        self.model.limits[scope, name] = Limit(gpus, jobs, queued)

    @rule(user=USERS, jobs=st.integers(1, 3), size=st.integers(3, 6))
    def a_tight_limit(self, user: str, jobs: int, size: int) -> None:
        """More is queued than may run, and every worker asks."""
        self.limit("user", False, None, jobs, None, False)
        self.submit_array(user, {}, [], size, 0)
        self.everybody_syncs()
        self.limit("user", False, None, None, None, True)

    def everybody_syncs(self) -> None:
        """A step of the agents."""
        raise NotImplementedError


def need_of(wish: Submission, user: str) -> Need:
    tags = frozenset(wish.require_tags)
    return Need(wish.gpus, wish.min_memory_mb, tags, user, wish.project)
