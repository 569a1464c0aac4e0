"""A small server that speaks the part of the wire protocol that the command line uses."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Job = dict[str, Any]


class FakeServer:
    """What it holds are plain dictionaries; tests change them while it runs."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.jobs: dict[int, Job] = {}
        self.runs: list[dict[str, Any]] = []
        self.series: list[dict[str, Any]] = []
        self.workers: list[dict[str, Any]] = []
        self.logs: dict[tuple[str, int], bytes] = {}
        self.exports: dict[tuple[str, str], bytes] = {}  # by run and format
        self.final: set[tuple[str, int]] = set()
        self.submitted: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.refusal: tuple[int, Any] | None = None
        self.keys: dict[str, int] = {}
        # What happens to the next answers to a submit: a status, or (0, None) for a connection that breaks.
        self.losses: list[tuple[int, Any]] = []
        self.port = 0
        self._http: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake.answer(self, "GET")

            def do_POST(self) -> None:
                fake.answer(self, "POST")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def add_job(self, number: int, **facts: Any) -> Job:
        """A queued job, unless the facts say otherwise."""
        job = {
            "id": number,
            "name": "",
            "command_argv": ["true"],
            "workdir": "/",
            "config": {},
            "tags": [],
            "status": "queued",
            "attempt": 0,
            "worker_id": None,
            "created_at": "2026-01-15T10:30:00Z",
            "started_at": None,
            "finished_at": None,
            "exit_code": None,
            "run_id": f"job-{number}",
            "attempts": [],
        }
        self.jobs[number] = job | facts
        return self.jobs[number]

    def answer(self, request: BaseHTTPRequestHandler, method: str) -> None:
        if self._http is None:  # stopped: kept connections end too
            request.close_connection = True
            request.connection.close()
            return
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        parts = urlsplit(request.path)
        self.seen.append(f"{method} {parts.path}")
        status, answer = self._decide(request, method, parts.path, parse_qs(parts.query), body)
        if not status:
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        headers: dict[str, str] = {}
        if isinstance(answer, tuple):
            answer, headers = answer
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

    def _decide(
        self,
        request: BaseHTTPRequestHandler,
        method: str,
        path: str,
        query: dict[str, list[str]],
        body: bytes,
    ) -> tuple[int, Any]:
        if path == "/health":
            return 200, {"status": "healthy"}
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"detail": "a token is needed", "code": "not_authenticated"}
        if self.refusal:
            return self.refusal
        if method == "POST":
            return self._post(request, path, body)
        return self._get(path.removeprefix("/api/v1/").split("/"), query)

    def _post(self, request: BaseHTTPRequestHandler, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/api/v1/jobs":
            key = request.headers.get("Idempotency-Key", "")
            number = self.keys.setdefault(key, len(self.jobs) + 1)
            if number not in self.jobs:
                self.submitted.append(json.loads(body))
                self.add_job(number)
            if self.losses:
                return self.losses.pop()
            run = f"job-{number}"
            return 200, {"job_id": number, "run_id": run, "run_dir": "", "url": f"/runs/{run}/"}
        if path == "/api/v1/jobs/cancel-queued":
            pending = [n for n, job in self.jobs.items() if job["status"] in ("queued", "waiting")]
            for number in pending:
                self.jobs[number]["status"] = "cancelled"
            return 200, {"message": "cancelled", "job_ids": pending}
        if path == "/api/v1/series":
            return 200, {"series": self._series(json.loads(body))}
        return self._cancel(int(path.split("/")[4]))

    def _cancel(self, number: int) -> tuple[int, Any]:
        if number not in self.jobs:
            return 404, {"detail": f"there is no job {number}", "code": "not_found"}
        before, job = self.jobs[number]["status"], self.jobs[number]
        if before in ("completed", "failed", "cancelled"):
            return 409, {"detail": f"job {number} has ended", "code": "illegal_move"}
        job["status"] = "cancelled"
        return 200, {"message": "cancelled", "previous_status": before}

    def _series(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        told = [each for each in self.series if each["run"] in asked["runs"]]
        return [each for each in told if not asked["keys"] or each["key"] in asked["keys"]]

    def _get(self, parts: list[str], query: dict[str, list[str]]) -> tuple[int, Any]:
        if parts == ["status"]:
            return 200, {"queued": 1, "running": 0, "workers_online": 1, "workers_total": 1}
        if parts == ["workers"]:
            return 200, {"workers": self.workers}
        if parts == ["jobs"]:
            wanted = query["status"][0]
            return 200, {"jobs": [job for job in self.jobs.values() if job["status"] == wanted]}
        if parts == ["runs"]:
            tag = query.get("tag", [""])[0]
            return 200, {"runs": [run for run in self.runs if not tag or tag in run["tags"]]}
        if parts[0] == "jobs" and int(parts[1]) in self.jobs:
            return 200, self.jobs[int(parts[1])]
        if parts[0] == "runs" and len(parts) == 3:
            return self._of_run(parts[1], parts[2], query)
        found = [run for run in self.runs if parts == ["runs", run["id"]]]
        return (200, found[0]) if found else (404, {"detail": "no such thing", "code": "not_found"})

    def _of_run(self, run: str, what: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if what == "log":
            return self._log(run, query)
        if what == "artifacts":
            return 200, {"artifacts": [{"path": "model.npz", "size": 12, "modified": None}]}
        data = self.exports.get((run, query["format"][0]))
        nothing = {"detail": f"there is no run {run}", "code": "not_found"}
        return (404, nothing) if data is None else (200, data)

    def _log(self, run: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        newest = max((number for name, number in self.logs if name == run), default=1)
        attempt = int(query.get("attempt", [str(newest)])[0])
        data = self.logs.get((run, attempt))
        if data is None:
            return 404, {"detail": "no log yet", "code": "not_found"}
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        start = max(0, len(data) + offset) if offset < 0 else offset
        headers = {
            "X-Whirr-Size": str(len(data)),
            "X-Whirr-Offset": str(start),
            "X-Whirr-Attempt": str(attempt),
            "X-Whirr-Final": "1" if (run, attempt) in self.final else "0",
        }
        return 200, (data[start : start + limit], headers)
