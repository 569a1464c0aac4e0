"""The hot calls of the record: bytes that arrive."""

from functools import partial

from runs.api import writing
from runs.api.calls import Call, Handler, Reply, unpacked
from runs.streams import BODY_LIMIT


async def _put(kind: str, call: Call) -> Reply:
    def work() -> Reply:
        data = unpacked(call.body, call.headers.get("content-encoding", ""), limit=BODY_LIMIT)
        key, attempt, name = call.params["run"], int(call.params["attempt"]), call.params["name"]
        return 200, writing.WRITERS[kind](
            call.principal, key, attempt, name, dict(call.query), data
        )

    reply: Reply = await call.in_pool(work)
    return reply


_ATTEMPT = r"/api/v1/runs/(?P<run>[a-z0-9-]+)/attempts/(?P<attempt>[0-9]{1,9})"

ROUTES: list[tuple[str, str, Handler]] = [
    ("PUT", rf"{_ATTEMPT}/streams/(?P<name>[a-z0-9.-]+)", partial(_put, "streams")),
    ("PUT", rf"{_ATTEMPT}/documents/(?P<name>[a-z.]+)", partial(_put, "documents")),
    ("PUT", rf"{_ATTEMPT}/artifacts/(?P<name>.+)", partial(_put, "artifacts")),
]
