"""A server that keeps its side of docs/wire-protocol.md in memory, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.agent.fake_http import Answer, Http, handler

Key = tuple[int, int]
LEASE_LOST: Answer = (409, {"detail": "superseded", "code": "lease_lost"})
PATIENCE = 20.0


class Fault:
    """What happens to the next requests whose path holds a text."""

    def __init__(self, path: str, times: int, status: int | None, *, perform: bool) -> None:
        self.path = path
        self.times = times
        self.status = status  # None: close the connection instead of answering
        self.perform = perform


class FakeServer:
    def __init__(self, port: int = 0) -> None:
        self.changed = threading.Condition()
        self.orders: list[dict[str, Any]] = []
        self.claims: dict[str, list[dict[str, Any]]] = {}
        self.cancels: set[Key] = set()
        self.lost: set[Key] = set()
        self.superseded: set[Key] = set()
        self.streams: dict[tuple[str, str], bytearray] = defaultdict(bytearray)
        self.sizes: dict[tuple[str, str], int] = {}
        self.marks: list[str] = []
        self.documents: dict[tuple[str, str], bytes] = {}
        self.artifacts: dict[tuple[str, str], bytearray] = defaultdict(bytearray)
        self.finishes: dict[Key, list[dict[str, Any]]] = defaultdict(list)
        self.registrations: list[dict[str, Any]] = []
        self.syncs: list[dict[str, Any]] = []
        self.unregistered = 0
        self.requests: list[tuple[str, str]] = []
        self.authorizations: set[str] = set()
        self.store_id = ""
        self.store: Path | None = None  # its data folder, where it has one
        self.holds = True
        self.ship_interval = 0.1
        self.refuse_registration: Answer | None = None
        self.faults: list[Fault] = []
        self._last_id = 0
        self._port = port
        self._http: Http | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._http = Http(("127.0.0.1", self._port), handler(self))
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Gone, as after kill -9: connections break, nothing listens. The state stays."""
        if self._http is not None:
            self._http.shutdown()
            self._http.break_connections()
            self._http.server_close()
            self._http = None
        with self.changed:
            self.changed.notify_all()

    # What a person would do.

    def submit(self, *command: str, **more: Any) -> Key:
        with self.changed:
            self._last_id += 1
            key = (self._last_id, more.pop("attempt", 1))
            self.orders.append(
                {
                    "job_id": key[0],
                    "attempt": key[1],
                    "run_id": f"job-{key[0]}",
                    "command_argv": list(command),
                    "workdir": "/",
                    "env": {},
                    "gpus": [],
                    "timeout_seconds": None,
                    "grace_seconds": 5,
                    "run_token": f"run-token-{key[0]}",
                    **more,
                }
            )
            self.changed.notify_all()
        return key

    def cancel(self, key: Key) -> None:
        with self.changed:
            self.cancels.add(key)
            self.changed.notify_all()

    def lose(self, key: Key) -> None:
        """The sync says so, and every write is refused."""
        with self.changed:
            self.lost.add(key)
            self.superseded.add(key)
            self.changed.notify_all()

    def misbehave(
        self, path: str, *, times: int = 1, status: int | None = None, perform: bool = True
    ) -> None:
        """`perform` does the work first: the request arrives, the answer does not."""
        with self.changed:
            self.faults.append(Fault(path, times, status, perform=perform))

    def steer(self, interval: float) -> None:
        """Somebody begins, or ceases, to watch."""
        with self.changed:
            self.ship_interval = interval
            self.changed.notify_all()

    # What a test looks at.

    def wait_for(self, what: Callable[[], Any], why: str = "") -> Any:
        """What it returns, once it is true. Fails after a while."""
        until = time.monotonic() + PATIENCE
        with self.changed:
            while not (found := what()):
                left = until - time.monotonic()
                assert left > 0, why or "the server waited in vain"
                self.changed.wait(min(left, 0.1))
            return found

    def outcome(self, key: Key) -> dict[str, Any]:
        found: dict[str, Any] = self.wait_for(
            lambda: self.finishes[key][-1] if self.finishes[key] else None, f"no finish of {key}"
        )
        return found

    def log(self, key: Key) -> bytes:
        return bytes(self.streams[f"job-{key[0]}/{key[1]}", "output.log"])

    def log_with(self, key: Key, text: bytes) -> bytes:
        found: bytes = self.wait_for(
            lambda: self.log(key) if text in self.log(key) else None, f"no {text!r} in {key}"
        )
        return found

    def is_registered(self) -> bool:
        return bool(self.wait_for(lambda: self.registrations))

    # What an agent asks.

    def answer(self, method: str, target: str, body: bytes) -> Answer | None:
        """None: break the connection."""
        with self.changed:
            self.requests.append((method, target))
            fault = next((each for each in self.faults if each.path in target), None)
            if fault is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            if fault is None or fault.perform:
                answer = self._answer(target, body)
            self.changed.notify_all()
        if fault is None:
            return answer
        return None if fault.status is None else (fault.status, {"detail": "a planted fault"})

    def _answer(self, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        told = {name: values[0] for name, values in parse_qs(parts.query).items()}
        sha256 = told.pop("sha256", "")
        self.marks += told.pop("marks", "").split("_")
        query = {name: int(value) for name, value in told.items()}
        if parts.path == "/api/v1/workers/register":
            return self._register(json.loads(body))
        if parts.path.endswith("/sync"):
            return self._sync(json.loads(body))
        if parts.path.endswith("/unregister"):
            self.unregistered += 1
            return 200, {}
        if match := re.fullmatch(r"/api/v1/jobs/(\d+)/attempts/(\d+)/finish", parts.path):
            return self._finish((int(match[1]), int(match[2])), json.loads(body))
        pattern = r"/api/v1/runs/job-(\d+)/attempts/(\d+)/(streams|documents|artifacts)/(.+)"
        if match := re.fullmatch(pattern, parts.path):
            key = (int(match[1]), int(match[2]))
            if "tail" in query and not self._has(key, match[4], query, sha256):
                return 409, {"detail": "other bytes", "code": "diverged", "size": 0}
            return self._bytes(key, match[3], match[4], query, body)
        return 404, {"detail": "no such call", "code": "not_found"}

    def _register(self, body: dict[str, Any]) -> Answer:
        if self.refuse_registration is not None:
            return self.refuse_registration
        self.registrations.append(body)
        return 200, {
            "store_id": self.store_id,
            "store_seen": self._sees(body),
            "lease_seconds": 60,
        }

    def _sees(self, body: dict[str, Any]) -> bool:
        if self.store is None or "store_proof" not in body:
            return False
        proof = self.store / f".store-proof-{body['session']}"
        return proof.exists() and proof.read_text() == body["store_proof"]

    def _sync(self, body: dict[str, Any]) -> Answer:
        self.syncs.append(body)
        number = len(self.syncs)
        until = time.monotonic() + (body["hold_seconds"] if self.holds else 0)
        while True:
            answer = self._news(body)
            left = until - time.monotonic()
            news = any(answer.values()) or self.ship_interval < body.get("ship_interval", 0)
            if news or left <= 0 or len(self.syncs) > number or not self._http:
                return 200, {**answer, "ship_interval": self.ship_interval}
            self.changed.wait(left)

    def _news(self, body: dict[str, Any]) -> dict[str, Any]:
        running = [(each["job_id"], each["attempt"]) for each in body["running"]]
        knows = [(e["job_id"], e["attempt"]) for e in body["running"] if e.get("cancelling")]
        jobs = self.claims.setdefault(body["claim_id"], [])
        if not jobs and body["accepting"]:
            jobs += self._claim(body)
        mine = [(order["job_id"], order["attempt"]) for order in jobs]
        return {
            "jobs": [o for o, key in zip(jobs, mine, strict=True) if key not in running],
            "cancel": _pairs(self.cancels & {*running, *mine} - set(knows)),
            "lost": _pairs(self.lost & set(running)),
        }

    def _claim(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        gpus, slots = list(body["free_gpus"]), body["free_slots"]
        taken = []
        for order in list(self.orders):
            wanted = order.get("wants_gpus", 0)
            if wanted > len(gpus) or (not wanted and slots < 1):
                continue
            order["gpus"], gpus = gpus[:wanted], gpus[wanted:]
            slots -= 0 if wanted else 1
            self.orders.remove(order)
            taken.append(order)
        return taken

    def _finish(self, key: Key, body: dict[str, Any]) -> Answer:
        if key in self.superseded:
            return LEASE_LOST
        self.finishes[key].append(body)
        return 200, {"job_id": key[0], "attempt": key[1], "status": "completed"}

    def _has(self, key: Key, name: str, query: dict[str, int], sha256: str) -> bool:
        """Whether the stream has these bytes; where it was asked to, it begins anew with none."""
        held, offset = self.streams[f"job-{key[0]}/{key[1]}", name], query["offset"]
        same = hashlib.sha256(held[offset - query["tail"] : offset]).hexdigest() == sha256
        if not same and len(held) >= offset and "restart" in query:
            query["offset"] = 0
            held.clear()
        return same or not held or len(held) < offset

    def _bytes(self, key: Key, kind: str, name: str, query: dict[str, int], body: bytes) -> Answer:
        if key in self.superseded:
            return LEASE_LOST
        place = (f"job-{key[0]}/{key[1]}", name)
        if kind == "documents":
            self.documents[place] = body
            return 200, {"size": len(body)}
        if kind == "streams" and "offset" not in query:
            self.sizes[place] = query["size"]
            return 200, {"size": query["size"]}
        held = (self.streams if kind == "streams" else self.artifacts)[place]
        offset = query["offset"]
        if offset > len(held):
            return 409, {"detail": "a gap", "code": "offset_gap", "size": len(held)}
        held += body[len(held) - offset :]
        return 200, {"size": len(held), "complete": len(held) == query.get("size")}


def _pairs(keys: set[Key]) -> list[dict[str, int]]:
    return [{"job_id": job_id, "attempt": attempt} for job_id, attempt in sorted(keys)]
