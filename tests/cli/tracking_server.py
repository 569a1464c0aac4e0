"""A small server that takes direct runs: the part of the wire protocol with which they are delivered."""

import hashlib
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.agent.fake_http import Answer, Http, handler

STATUS = {"run_taken": 409, "in_trash": 409}


class TrackingServer:
    """What it holds are plain dictionaries."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, bytes]] = {}
        self.refused: dict[str, str] = {}  # run: code
        self.unwanted: set[str] = set()  # files
        self.store_id = "c0ffee"
        self.folder: Path | None = None  # the server keeps documents in here
        self.spoilt = 0  # so many last parts of artifacts arrive with other bytes
        self.locked = False  # no token is good
        self.away = False  # the line breaks
        self.asked = 0
        self.authorizations: set[str] = set()
        self._http = Http(("127.0.0.1", 0), handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def tokens(self) -> set[str]:
        return self.authorizations

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def files(self, run: str) -> dict[str, bytes]:
        """By kind and name, in the order in which they were written last."""
        return self.runs[run]

    def answer(self, method: str, target: str, body: bytes) -> Answer | None:
        self.asked += 1
        if self.away:
            return None
        if self.locked:
            return 401, {"detail": "no", "code": "not_authenticated"}
        parts = urlsplit(target)
        if parts.path == "/api/v1/status":
            return 200, {"store_id": self.store_id}
        if (method, parts.path) == ("POST", "/api/v1/runs"):
            return self._open(json.loads(body))
        _, _, rest = parts.path.partition("/api/v1/runs/")
        run, _, path = rest.partition("/attempts/1/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self._take(self.runs[run], path, query, body)

    def _open(self, told: dict[str, Any]) -> Answer:
        run = told["id"]
        if code := self.refused.get(run):
            return STATUS[code], {"detail": "not this one", "code": code}
        self.runs.setdefault(run, {})
        answer = {"id": run, "attempt": 1, "token": f"of-{run}", "url": f"/runs/{run}/"}
        return 200, answer | {"store_id": self.store_id, "store_seen": False}

    def _take(
        self, files: dict[str, bytes], path: str, query: dict[str, str], body: bytes
    ) -> Answer:
        if path in self.unwanted:
            return 413, {"detail": "too large", "code": "too_large"}
        if path.startswith("documents/"):
            files.pop(path, None)
            files[path] = body
            if self.folder is not None and self.asked < 300:  # as `runs.documents` does it
                draft = self.folder / "draft"
                draft.write_bytes(body)
                draft.replace(self.folder / path.partition("/")[2])
            return 200, {"size": len(body)}
        if path.startswith("streams/"):
            return self._append(files, path, query, body)
        held, offset = files.get(path, b""), int(query["offset"])
        whole, digest = str(len(held)) == query.get("size"), query.get("sha256")
        if whole and digest and digest != hashlib.sha256(held).hexdigest():
            held = b""  # another content of the same size
        if offset > len(held):
            return 409, {"detail": "gap", "code": "offset_gap", "size": len(held)}
        if self.spoilt and body:
            self.spoilt -= 1
            files.pop(path, None)
            return 422, {"detail": "other bytes", "code": "checksum_mismatch"}
        files[path] = held[:offset] + body + held[offset + len(body) :]
        whole = str(len(files[path])) == query.get("size")
        return 200, {"size": len(files[path]), "complete": whole, "next_interval": 0.2}

    def _append(
        self, files: dict[str, bytes], path: str, query: dict[str, str], body: bytes
    ) -> Answer:
        """As the real one does: bytes that are there are passed over."""
        held, offset = files.get(path, b""), int(query["offset"])
        if offset > len(held):
            return 409, {"detail": "gap", "code": "offset_gap", "size": len(held)}
        tail = held[offset - int(query.get("tail", "0")) : offset]
        if "tail" in query and hashlib.sha256(tail).hexdigest() != query["sha256"]:
            if query.get("restart") != "1":
                return 409, {"detail": "other bytes", "code": "diverged", "size": len(held)}
            files[f"{path}.1"], files[path] = held, b""
            return 200, {"size": 0, "next_interval": 0.2}
        files[path] = held + body[len(held) - offset :]
        return 200, {"size": len(files[path]), "next_interval": 0.2}
