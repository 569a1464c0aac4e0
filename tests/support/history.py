"""Judges a whole run after the fact: does what the server has on record agree with what agents did and were told?

Nothing here knows the server's code: the rules are those that docs/queue.md and docs/wire-protocol.md promise.
`judge` gives sentences; an empty list is the proof that none of the rules was broken.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from tests.support.faults import Exchange
from tests.support.light_work import Execution, Key
from tests.support.stored import Stored, StoredEvent

FINAL = {"completed", "failed", "cancelled"}
# The job's life as a machine: (state, event) → state. What is not here must not happen.
STEPS = {
    ("", "submitted"): "queued",
    ("queued", "claimed"): "running",
    ("queued", "reinstated"): "running",
    ("running", "requeued"): "queued",
    ("running", "completed"): "completed",
    ("running", "failed"): "failed",
    ("running", "cancelled"): "cancelled",
    ("queued", "cancelled"): "cancelled",
    ("running", "cancel_requested"): "running",
}
BEGINS, ENDS = {"claimed", "reinstated"}, {"requeued", *FINAL}
_WRITE = re.compile(r"/api/v1/(?:jobs/|runs/job-)(\d+)/attempts/(\d+)/(finish|streams/)")


def judge(
    stored: Stored,
    executions: Collection[Execution],
    exchanges: Collection[Exchange],
    *,
    submitted: Collection[int],
    cancelled: Collection[int] = (),
    slots: dict[str, int],
) -> list[str]:
    """All that is wrong. `cancelled`: jobs for which somebody's wish was granted; `slots`: how many each agent has."""
    return [
        *each_job_ended(stored, submitted),
        *lives_follow_the_rules(stored),
        *attempts_have_no_gaps(stored),
        *nobody_holds_too_much(stored, slots),
        *cancelled_ones_stay_so(stored, cancelled),
        *each_claim_arrived(stored, executions),
        *outcomes_agree(stored, executions),
        *bytes_agree(stored, executions),
        *stale_writes_were_refused(stored, exchanges),
    ]


def each_job_ended(stored: Stored, submitted: Collection[int]) -> Iterator[str]:
    """No job is lost, none came from nowhere, and the record shows each one's end."""
    for job_id in sorted(set(submitted) ^ set(stored.jobs)):
        yield f"job {job_id} was {'lost' if job_id in submitted else 'submitted by nobody'}"
    for job in stored.jobs.values():
        if job.status not in FINAL:
            yield f"job {job.id} never ended: it is {job.status}"
        elif job.run_status != job.status or job.run_attempt != job.attempt:
            yield f"job {job.id} is {job.status} ({job.attempt}), its run {job.run_status} ({job.run_attempt})"


def lives_follow_the_rules(stored: Stored) -> Iterator[str]:
    """Each event is a step that is allowed: so exactly one end, one owner at a time, and nothing after the end."""
    for job_id, events in _by_job(stored.events).items():
        state = ""
        for event in events:
            after = STEPS.get((state, event.kind))
            if after is None:
                yield f"job {job_id}: {event.kind} (event {event.id}) while {state or 'unknown'}"
                break
            state = after
        else:
            job = stored.jobs.get(job_id)
            if job and job.status != state:
                yield f"job {job_id} is {job.status}, its events end with {state}"


def attempts_have_no_gaps(stored: Stored) -> Iterator[str]:
    """Numbers 1..n, each claimed once, n is the newest; at most one succeeded, and none runs on."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for job_id, number in stored.attempts:
        numbers[job_id].append(number)
    claims = Counter((e.job_id, e.attempt) for e in stored.events if e.kind == "claimed")
    for job in stored.jobs.values():
        found = sorted(numbers[job.id])
        if found != list(range(1, job.attempt + 1)):
            yield f"job {job.id} has attempts {found}, the newest is {job.attempt}"
        for number in found:
            if claims[job.id, number] != 1:
                yield f"attempt {number} of job {job.id} was claimed {claims[job.id, number]} times"
        states = [stored.attempts[job.id, number].status for number in found]
        if "succeeded" in states[:-1] or "running" in states:
            yield f"job {job.id} is {job.status}, its attempts are {states}"
        if (job.status == "completed") != (states[-1:] == ["succeeded"]):
            yield f"job {job.id} is {job.status}, its last attempt {states[-1:]}"


def nobody_holds_too_much(stored: Stored, slots: dict[str, int]) -> Iterator[str]:
    """Events in their order: a GPU has one owner, a worker no more attempts than slots, a job one owner."""
    holding: dict[str, set[Key]] = defaultdict(set)
    owner: dict[int, tuple[str, Key]] = {}
    for event in stored.events:
        key = (event.job_id, event.attempt)
        if event.kind in ENDS and event.job_id in owner:
            worker, held = owner.pop(event.job_id)
            holding[worker].discard(held)
        if event.kind not in BEGINS or key not in stored.attempts:
            continue
        if event.job_id in owner:
            yield f"job {event.job_id}: attempt {event.attempt} began while {owner[event.job_id]} owned it"
        worker = stored.attempts[key].worker
        owner[event.job_id] = (worker, key)
        holding[worker].add(key)
        yield from _overfull(stored, worker, holding[worker], slots.get(worker, 0))


def _overfull(stored: Stored, worker: str, held: set[Key], slots: int) -> Iterator[str]:
    gpus = Counter(chain.from_iterable(stored.attempts[key].gpus for key in held))
    if twice := [index for index, owners in gpus.items() if owners > 1]:
        yield f"{worker}: GPU {twice} given twice: {sorted(held)}"
    without = [key for key in held if not stored.attempts[key].gpus]
    if len(without) > slots:
        yield f"{worker} has {slots} slots and holds {sorted(without)}"


def cancelled_ones_stay_so(stored: Stored, cancelled: Collection[int]) -> Iterator[str]:
    """After a cancel nothing begins, and the job's end is `cancelled`."""
    for job_id, events in _by_job(stored.events).items():
        kinds = [event.kind for event in events]
        wishes = [kinds.index(kind) for kind in ("cancel_requested", "cancelled") if kind in kinds]
        later = BEGINS & set(kinds[min(wishes) :]) if wishes else set()
        if later:
            yield f"job {job_id} was {later} after its cancel: {kinds}"
    for job_id in cancelled:
        if (job := stored.jobs.get(job_id)) and job.status != "cancelled":
            yield f"job {job_id} was cancelled and is {job.status}"


def each_claim_arrived(stored: Stored, executions: Iterable[Execution]) -> Iterator[str]:
    """What was claimed reaches its agent, also where the answer got lost, and no second agent."""
    times = Counter(each.key for each in executions)
    for key, attempt in stored.attempts.items():
        if times[key] != 1 and not (attempt.status == "cancelled" and not times[key]):
            yield f"attempt {key} ({attempt.status}, {attempt.worker}) was executed {times[key]} times"


def outcomes_agree(stored: Stored, executions: Iterable[Execution]) -> Iterator[str]:
    """What an agent was told about its outcome is what is on record; a completed job had one accepted finish."""
    accepted: Counter[int] = Counter()
    for each in executions:
        attempt = stored.attempts.get(each.key)
        if attempt is None:
            yield f"{each.worker} executed {each.key}, of which nothing is on record"
            continue
        if attempt.worker != each.worker:
            yield f"{each.worker} executed {each.key}, on record is {attempt.worker}"
        if each.accepted and attempt.status in {"running", "lost"}:
            yield f"{each.key}: its finish was accepted, and it is {attempt.status}"
        if attempt.status == "succeeded" and not each.whole:
            yield f"{each.key} is on record as succeeded, its agent never got to the end"
        accepted[each.key[0]] += each.accepted and each.whole
    for job_id, times in accepted.items():
        if times > 1:
            yield f"job {job_id}: {times} attempts heard that their success was accepted"


def bytes_agree(stored: Stored, executions: Iterable[Execution]) -> Iterator[str]:
    """A success is on the server to the last byte; of any other attempt a beginning, and never another one's bytes."""
    by_key = {each.key: each for each in executions}
    for key, attempt in stored.attempts.items():
        execution = by_key.get(key)
        for name in ("output.log", "metrics.jsonl"):
            there = stored.stream(*key, name)
            ours = bytes(execution.written.get(name, b"")) if execution else b""
            sizes = f"the agent wrote {len(ours)} bytes, the server has {len(there)}"
            if attempt.status == "succeeded" and there != ours:
                yield f"{key} {name}: {sizes}, and they are not the same"
            elif not ours.startswith(there):
                yield f"{key} {name}: {sizes}, and they are no beginning of the former"


def stale_writes_were_refused(stored: Stored, exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Once somebody writes for attempt n + 1, the server takes nothing of attempt n any more."""
    writes = [(found, each) for each in exchanges if (found := _WRITE.match(each.path))]
    began: dict[Key, float] = {}
    for found, each in writes:
        key = (int(found[1]), int(found[2]))
        began[key] = min(each.began, began.get(key, each.began))
    for found, each in writes:
        job_id, number = int(found[1]), int(found[2])
        successor = began.get((job_id, number + 1))
        if each.status != 200:
            continue
        if successor is not None and each.began > successor:
            yield f"{each.worker}: {each.method} {each.path} was taken after attempt {number + 1} had begun"
        if found[3] == "finish" and _claims_success(each) and (job_id, number) in stored.attempts:
            status = stored.attempts[job_id, number].status
            if status == "lost":
                yield f"{each.worker}: the success of {job_id, number} was taken, on record it is {status}"


def _claims_success(exchange: Exchange) -> bool:
    return bool(json.loads(exchange.body or b"{}").get("outcome") == "exited")


def _by_job(events: Iterable[StoredEvent]) -> dict[int, list[StoredEvent]]:
    found: dict[int, list[StoredEvent]] = defaultdict(list)
    for event in events:
        found[event.job_id].append(event)
    return found
