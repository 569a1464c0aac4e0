"""The held request of an agent: answered when there is something to say."""

from typing import Any

import orjson

from jobs import finishing
from jobs.api.desk import desk_of
from jobs.api.parsing import finish_report, sync_report
from jobs.syncing import Ask
from runs import clock
from runs.api.calls import Call, Handler, Reply
from runs.errors import Forbidden, Invalid


async def sync(call: Call) -> Reply:
    """Renew at once; then wait for a job, a cancel or a loss, for a newer request, or for the end of the hold."""
    if not call.principal.may("worker"):
        raise Forbidden("this token may not act as a worker")
    ask = Ask(call.params["worker"], sync_report(_json(call.body)))
    here = desk_of(call.in_pool)
    if ask.report.hold_seconds <= 0:
        return 200, (await here.look(ask)).as_json()
    return 200, (await here.hold(ask, call)).as_json()


async def finish(call: Call) -> Reply:
    """The end of an attempt, as its agent saw it. Idempotent."""
    if not call.principal.may("worker"):
        raise Forbidden("this token may not act as a worker")
    job_id, number = int(call.params["job"]), int(call.params["attempt"])
    report = finish_report(_json(call.body))
    job = await call.in_pool(lambda: finishing.finish(job_id, number, report, now=clock.now()))
    return 200, {"job_id": job_id, "attempt": number, "status": job.status}


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from error


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", r"/api/v1/workers/(?P<worker>[^/]+)/sync", sync),
    ("POST", r"/api/v1/jobs/(?P<job>[0-9]{1,18})/attempts/(?P<attempt>[0-9]{1,9})/finish", finish),
]
