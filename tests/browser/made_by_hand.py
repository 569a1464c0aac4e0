"""Direct runs, made over HTTP as a script's delivery makes them: with lines, files, code, and whatever else."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.e2e.programs import Site


class HandMade:
    """A run that is delivered piece by piece."""

    def __init__(self, site: Site, number: int, **described: Any) -> None:
        self.site, self.key = site, f"local-20300101-120000-{number:06x}"
        self.sizes: dict[str, int] = {}
        site.call("POST", "/api/v1/runs", json={"id": self.key, **described})
        self.say_how_it_stands("running", **described)

    def _put(self, path: str, data: bytes, **query: Any) -> None:
        address = f"/api/v1/runs/{self.key}/attempts/1/{path}"
        self.site.call("PUT", address, params=query, content=data)

    def say_how_it_stands(self, status: str, **more: Any) -> None:
        now = datetime.now(UTC).isoformat()
        ended = now if status != "running" else None
        told = {"id": self.key, "kind": "direct", "status": status, "started_at": now}
        self.document("meta.json", json.dumps(told | {"finished_at": ended, **more}))

    def document(self, name: str, text: str) -> None:
        self._put(f"documents/{name}", text.encode())

    def lines(self, name: str, text: str) -> None:
        """More of a stream."""
        data, offset = text.encode(), self.sizes.get(name, 0)
        self._put(f"streams/{name}", data, offset=offset)
        self.sizes[name] = offset + len(data)

    def log(self, step: int, **values: float) -> None:
        stamp = {"_idx": step, "_timestamp": datetime.now(UTC).isoformat(), "step": step}
        self.lines("metrics.jsonl", json.dumps(stamp | values) + "\n")

    def artifact(self, path: str, data: bytes) -> None:
        self._put(f"artifacts/{quote(path)}", data, offset=0, size=len(data))
