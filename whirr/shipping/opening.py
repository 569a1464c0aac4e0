"""Telling a server of a direct run: `POST /api/v1/runs`, as often as one likes. Its answer has the run's own token."""

from __future__ import annotations

import os

from whirr.shipping.shared_store import SharedStore
from whirr.wire import Unreachable, files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Any

    from whirr.wire import Client
    from whirr.wire.files import AnyPath

ATTEMPT = 1  # a direct run has this one alone


class Opened:
    """What the server answered."""

    __slots__ = ("shared", "store_id", "token", "unsure", "url")

    def __init__(self, answer: dict[str, Any], *, shared: bool, unsure: bool = False) -> None:
        self.token = str(answer["token"])
        self.url = str(answer.get("url") or "")
        self.store_id = str(answer.get("store_id") or "")  # which server that is
        self.shared = shared  # it sees the very same folder
        self.unsure = unsure  # it may do so, and nothing proves it


def open_run(client: Client, folder: AnyPath, run_id: str, data_dir: AnyPath) -> Opened:
    """Open the run, or find it open. Raises WireError."""
    body = {"id": run_id, **_described(files.read_json_object(f"{os.fspath(folder)}/meta.json"))}
    if not _lies_in(folder, run_id, data_dir):
        return Opened(_ask(client, body), shared=False)
    store = SharedStore(os.fspath(data_dir), _session(run_id))
    try:
        proof = store.challenge()
        answer = _ask(client, {**body, "session": _session(run_id), **proof})
        late = {} if proof else store.challenge()  # the store has its name only since it was asked
        if late:
            answer = _ask(client, {**body, "session": _session(run_id), **late})
        shared = store.proven(answer)
        return Opened(answer, shared=shared, unsure=not shared and not store.apart(answer))
    finally:
        store.clear()


def _ask(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/v1/runs", body, repeatable=True).json()
    if not isinstance(answer, dict) or not isinstance(answer.get("token"), str):
        raise Unreachable("the answer does not come from whirr")
    return answer


def _described(meta: dict[str, Any] | None) -> dict[str, Any]:
    """What the list of runs shows until meta.json itself has arrived."""
    found = meta or {}
    told: dict[str, Any] = {}
    for field, most in (("name", 255), ("project", 100)):
        said = found.get(field)
        text = _clean(said)[:most] if isinstance(said, str) else ""
        if text:
            told[field] = text
    return told


def _clean(text: str) -> str:
    """Without what a server cannot store, and would refuse the whole run for: zero bytes, halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _session(run_id: str) -> str:
    """A name for the proof that no other run's shipper uses: 32 hexadecimal digits."""
    digits = "".join(letter for letter in run_id if letter in "0123456789abcdef")
    return digits[-32:].rjust(32, "0")


def _lies_in(folder: AnyPath, run_id: str, data_dir: AnyPath) -> bool:
    """Whether a server on this data folder would look for the run where it lies."""
    with suppress(OSError):
        here, there = files.status(folder), files.status(f"{os.fspath(data_dir)}/runs/{run_id}")
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
    return False
