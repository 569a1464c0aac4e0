"""Whether a server has of a direct run just what its folder holds: each byte, each point, each event, once."""

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.programs import Site, sha256

Told = dict[tuple[str, str], list[tuple[int, Any]]]  # by writer and key: step and value, as logged
WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
OURS = {"_idx", "_timestamp", "step"}
WIDEST = 10_000  # of a read; twice as many points come as they are
DOCUMENTS = ("meta.json", "config.json", "git.json", "git.diff", "requirements.txt")


def differences(site: Site, folder: Path) -> list[str]:
    """Sentences about what is not as it should be."""
    try:
        said = _all_of(site, folder)
    except httpx.HTTPStatusError as error:
        said = [f"{error}; the server's log ends with\n{site.web.said()[-3000:]}"]
    return [f"{folder.name}: {each}" for each in said]


def _all_of(site: Site, folder: Path) -> list[str]:
    said = [*_files(site, folder), *_points(site, folder), *_events(site, folder)]
    meta = json.loads((folder / "meta.json").read_text())
    run = site.call("GET", f"/api/v1/runs/{folder.name}").json()
    if run["status"] != meta["status"]:
        said.append(f"meta.json says {meta['status']}, the server {run['status']}")
    if run["summary"] != meta["summary"]:
        said.append(f"the summary is {meta['summary']}, on the server {run['summary']}")
    return said


def points_of(folder: Path) -> int:
    """How many points the folder's files hold."""
    return sum(map(len, _logged(folder).values()))


def _files(site: Site, folder: Path) -> list[str]:
    theirs = site.data / "runs" / folder.name
    names = [path.name for path in folder.glob("*.jsonl")]
    names += [name for name in DOCUMENTS if (folder / name).exists()]
    said = [
        f"{name} is another one on the server"
        for name in names
        if sha256(folder / name) != sha256(theirs / name)
    ]
    path = f"/api/v1/runs/{folder.name}/artifacts"
    held = {each["path"]: each["size"] for each in site.call("GET", path).json()["artifacts"]}
    here = {
        file.relative_to(folder / "artifacts").as_posix(): file
        for file in (folder / "artifacts").rglob("*")
        if file.is_file()
    }
    if held != {name: file.stat().st_size for name, file in here.items()}:
        said.append(f"artifacts are {sorted(here)}, on the server {held}")
    elif any(
        site.call("GET", f"{path}/{name}").content != here[name].read_bytes() for name in here
    ):
        said.append("an artifact has another content on the server")
    return said


def _logged(folder: Path) -> Told:
    found: Told = defaultdict(list)
    for path in folder.glob("metrics*.jsonl"):
        writer = path.name.removeprefix("metrics").removesuffix("jsonl").strip(".")
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1]):
            record = _record(line)
            step = record.get("step", record.get("_idx", number))
            for key in record.keys() - OURS:
                found[writer, key].append((step, _plain(record[key])))
    return found


def _record(line: bytes) -> dict[str, Any]:
    """Empty for a line that a kill tore."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(value: float) -> Any:
    return value if math.isfinite(value) else WORDS[str(float(value))]


def _points(site: Site, folder: Path) -> list[str]:
    query = f"width={WIDEST}&x=time"  # along the time: in the order in which they were logged
    answer = site.call("GET", f"/api/v1/runs/{folder.name}/series?{query}").json()
    stored = {
        (each["writer"], each["key"]): list(
            zip(each["points"]["step"], each["points"]["value"], strict=True)
        )
        for each in answer["series"]
        if not each["key"].startswith("system/")
    }
    if not all(each["exact"] for each in answer["series"]):
        return ["there are more points than can be read one by one"]
    logged = _logged(folder)
    if stored.keys() != logged.keys():
        return [f"series are {sorted(logged)}, on the server {sorted(stored)}"]
    return [
        f"{name} has {len(logged[name])} points, on the server {len(stored[name])}; "
        f"first apart at {_apart(name, logged, stored)}"
        for name in logged
        if logged[name] != stored[name]
    ]


def _apart(name: tuple[str, str], logged: Told, stored: Told) -> str:
    for at, (ours, theirs) in enumerate(zip(logged[name], stored[name], strict=False)):
        if ours != theirs:
            return f"{at}: {ours} and {theirs}"
    return "the end"


def _events(site: Site, folder: Path) -> list[str]:
    here = sum(
        bool(_record(line))
        for path in folder.glob("events*.jsonl")
        for line in path.read_bytes().split(b"\n")[:-1]
    )
    there, cursor = 0, None
    while True:
        query = f"limit=500&cursor={cursor}" if cursor else "limit=500"
        answer = site.call("GET", f"/api/v1/runs/{folder.name}/events?{query}").json()
        there += len(answer["events"])
        cursor = answer["next_cursor"]
        if not cursor:
            return [] if here == there else [f"{here} events, on the server {there}"]
