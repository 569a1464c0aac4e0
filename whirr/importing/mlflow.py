"""Runs from an MLflow store, read by MLflow's own client: a tracking server, a folder (mlruns), a database URL."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from whirr import _artifacts
from whirr.importing.folders import Draft, Source, Tell, Unreadable, stamp
from whirr.shipping.beneath import Folder

PAGE = 1000
ENDS = {"FINISHED": "completed", "FAILED": "failed", "KILLED": "failed"}
NOTE, PARENT = "mlflow.note.content", "mlflow.parentRunId"
EXTRA = "pip install 'whirr[mlflow]'; for a database URL, all of it: pip install mlflow"


def runs(
    uri: str, tell: Tell, *, running: bool = False, artifacts: bool = True
) -> Iterator[Source]:
    """All runs that are not deleted, oldest first. Raises Unreadable.

    Those that still run are passed over, and told, unless `running`: they are then taken as they stand.
    """
    client = _client(uri)
    try:
        experiments = {each.experiment_id: each.name for each in _pages(client.search_experiments)}
        for experiment, name in experiments.items():
            search = partial(
                client.search_runs, [experiment], order_by=["attributes.start_time ASC"]
            )
            for run in _pages(search):
                if run.info.status not in ENDS and not running:
                    tell(f"{run.info.run_id} is {run.info.status}: passed over (see --running)")
                    continue
                yield _source(client, run, name, artifacts=artifacts)
    except Unreadable:
        raise
    except Exception as error:  # MLflow's own, requests', SQLAlchemy's: whatever its store raises
        raise Unreadable(f"{_shown(uri)} cannot be read: {_short(error, uri)}", EXTRA) from error


def _client(uri: str) -> Any:
    try:
        tracking = importlib.import_module("mlflow.tracking")
    except ImportError as error:
        raise Unreadable("reading an MLflow store needs MLflow's client", EXTRA) from error
    if "://" not in uri:
        folder = Path(uri).absolute()
        if not folder.is_dir():
            raise Unreadable(
                f"{uri} is no folder",
                "name a tracking server (http://…), an mlruns folder, or sqlite:///…",
            )
        uri = folder.as_uri()
        os.environ.setdefault(
            "MLFLOW_ALLOW_FILE_STORE", "true"
        )  # newer clients refuse to otherwise
    try:
        return tracking.MlflowClient(tracking_uri=uri)
    except Exception as error:
        raise Unreadable(f"{_shown(uri)} cannot be opened: {_short(error, uri)}", EXTRA) from error


def _pages(search: Any) -> Iterator[Any]:
    token = None
    while True:
        found = search(max_results=PAGE, page_token=token)
        yield from found
        token = found.token
        if not token:
            return


def _source(client: Any, run: Any, experiment: str, *, artifacts: bool) -> Source:
    info, tags = run.info, dict(run.data.tags)
    more = {"experiment": experiment, "status": info.status, "tags": tags}
    if PARENT in tags:
        more["parent"] = tags[PARENT]
    own = {key: value for key, value in tags.items() if not key.startswith("mlflow.")}
    return Source(
        kind="mlflow",
        key=info.run_id,
        started=(info.start_time or 0) / 1000,
        name=getattr(info, "run_name", "") or tags.get("mlflow.runName", ""),
        project=experiment,
        tags=[f"{key}:{value}" if value else key for key, value in own.items()],
        more=more,
        write=partial(_write, client=client, run=run, artifacts=artifacts),
    )


def _write(draft: Draft, *, client: Any, run: Any, artifacts: bool) -> None:
    info = run.info
    draft.config = {key: plain(value) for key, value in run.data.params.items()}
    draft.meta["status"] = ENDS.get(info.status, "failed")
    if info.end_time:
        draft.meta["finished_at"] = stamp(info.end_time / 1000)
    histories = (client.get_metric_history(info.run_id, key) for key in run.data.metrics)
    _metrics(draft, (metric for history in histories for metric in history))
    note = run.data.tags.get(NOTE)
    if note:
        draft.event((info.start_time or 0) / 1000, None, "text", "note", text=note)
    if artifacts:
        _artifacts_of(draft, client, info)


def _metrics(draft: Draft, points: Iterable[Any]) -> None:
    """A line for what was logged at one time and step."""
    lines: dict[tuple[int, int, int], dict[str, float]] = {}
    for point in points:
        turn = 0
        while point.key in lines.setdefault((point.timestamp, point.step, turn), {}):
            turn += 1
        lines[point.timestamp, point.step, turn][point.key] = point.value
    for (timestamp, step, _), values in sorted(lines.items(), key=lambda item: item[0]):
        draft.metrics(timestamp / 1000, step, values)


def _artifacts_of(draft: Draft, client: Any, info: Any) -> None:
    """All or none: a run that is there is left alone by the next import. Raises Unreadable."""
    try:
        for path in _paths(draft, client, info, None):
            _fetch(draft, client, info.run_id, path)
    except Exception as error:  # the store of artifacts may be elsewhere, gone, or locked
        raise Unreadable(
            f"not all of its artifacts can be fetched: {_short(error)}",
            "import again once they can be, or leave them there with --no-artifacts",
        ) from error


def _is_link(uri: str, path: str, *, is_folder: bool) -> bool:
    """Whether an artifact on this machine's own disk is a link: it may lead anywhere."""
    parted = urlsplit(uri)
    if parted.scheme not in ("", "file"):
        return False
    *folders, name = path.split("/")
    try:
        with Folder(unquote(parted.path), [*folders, name] if is_folder else folders) as folder:
            return not is_folder and folder.plain(name) is None
    except OSError:
        return True


def _paths(draft: Draft, client: Any, info: Any, folder: str | None) -> Iterator[str]:
    for item in client.list_artifacts(info.run_id, folder):
        if _is_link(info.artifact_uri, item.path, is_folder=item.is_dir):
            draft.remark(f"artifact {item.path} is a link, and was left out")
        elif item.is_dir:
            yield from _paths(draft, client, info, item.path)
        else:
            yield item.path


def _fetch(draft: Draft, client: Any, run_id: str, path: str) -> None:
    try:
        target = draft.artifacts / _artifacts.checked_name(path)
    except ValueError as problem:
        draft.remark(f"an artifact was left out: {problem}")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="whirr-mlflow-") as aside:
        shutil.move(client.download_artifacts(run_id, path, aside), target)


def plain(text: str) -> Any:
    """A parameter, which MLflow keeps as a text, as what it was; a text where that would not give the same text."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            value = kind(text)
        except (ValueError, OverflowError):
            continue
        if repr(value) == text and value == value:  # NaN stays a text
            return value
    return text


def _short(error: Exception, uri: str = "") -> str:
    """In one line; a password in the address is not repeated."""
    told = " ".join(str(error).split())
    return f"{type(error).__name__}: {told.replace(uri, _shown(uri)) if uri else told}"[:400]


def _shown(uri: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", uri)
