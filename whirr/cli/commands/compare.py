"""compare: runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from whirr.cli import asking, failures, output, place, values
from whirr.wire import Client, Unreachable, WireError

RUNS_AT_ONCE = 100
FEWEST_BUCKETS = 10  # the points themselves are not needed
VALUES = ("last", "min", "max")

Row = tuple[str, list[Any]]


@click.command()
@click.argument("runs", metavar="RUN RUN…", nargs=-1, required=True)
@click.option("--metric", "metrics", multiple=True, help="Only this metric; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="What is the same in all runs, too.")
@click.option(
    "--output",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@place.options
def compare(
    server_url: str | None,
    data_dir: str | None,
    *,
    runs: tuple[str, ...],
    metrics: tuple[str, ...],
    everything: bool,
    form: str,
) -> None:
    """Show runs side by side: the settings that differ, and what each metric came to."""
    names = list(dict.fromkeys(values.run_id(each) for each in runs))
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        found = [asking.thing(client, f"/api/v1/runs/{name}") for name in names]
        numbers = _numbers(client, names, metrics)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    missing = [metric for metric in metrics if metric not in numbers]
    if missing:
        raise failures.Failure(
            f"none of these runs has logged {', '.join(missing)}",
            f"they have {', '.join(sorted(_numbers_of_all(client, names, where.url))) or 'no metric'}",
            failures.NOT_FOUND,
        )
    if form == "json":
        output.as_json(_told(found, numbers, with_settings=not metrics))
        return
    rows = _rows(found, numbers, everything=everything, with_settings=not metrics)
    if form == "csv":
        _print_csv(names, rows)
    else:
        output.table(("key", *names), [(key, *cells) for key, cells in rows])


def _numbers_of_all(client: Client, names: Sequence[str], url: str) -> dict[str, Any]:
    try:
        return _numbers(client, names, ())
    except WireError as error:
        raise failures.from_wire(error, url) from error


def _numbers(
    client: Client, names: Sequence[str], metrics: Sequence[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """By metric and run: {"loss": {"job-7": {"last": 0.1, "min": 0.1, "max": 2.3}}}; of the main writer."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for start in range(0, len(names), RUNS_AT_ONCE):
        asked = {"runs": list(names[start : start + RUNS_AT_ONCE]), "width": FEWEST_BUCKETS}
        answer = client.post("/api/v1/series", {**asked, "keys": list(metrics)}).json()
        told = answer.get("series") if isinstance(answer, dict) else None
        if not isinstance(told, list):
            raise Unreachable("the answer does not come from whirr")
        for series in told:
            if metrics or not series["key"].startswith("system/"):
                _note(found, series)
    return found


def _note(found: dict[str, dict[str, dict[str, Any]]], series: dict[str, Any]) -> None:
    """Of several writers the main one's numbers stand; of others those that came first."""
    mine = found.setdefault(series["key"], {})
    if series["run"] not in mine or not series.get("writer"):
        mine[series["run"]] = {name: series.get(name) for name in VALUES}


def _rows(
    runs: Sequence[dict[str, Any]],
    numbers: dict[str, dict[str, dict[str, Any]]],
    *,
    everything: bool,
    with_settings: bool,
) -> list[Row]:
    rows: list[Row] = [("name", [run.get("name") for run in runs])]
    rows.append(("status", [run.get("status") for run in runs]))
    for part in ("config", "summary") if with_settings else ():
        documents = [dict(_flat(run.get(part) or {})) for run in runs]
        for key in dict.fromkeys(key for document in documents for key in document):
            cells = [document.get(key) for document in documents]
            if everything or len(runs) == 1 or not all(_same(cell, cells[0]) for cell in cells[1:]):
                rows.append((f"{part}.{key}", cells))
    for metric, by_run in sorted(numbers.items()):
        for name in VALUES:
            cells = [by_run.get(run["id"], {}).get(name) for run in runs]
            rows.append((f"{metric}:{name}", cells))
    return rows


def _same(cell: object, other: object) -> bool:
    """`true` is not 1, though Python says so."""
    return cell == other and isinstance(cell, bool) == isinstance(other, bool)


def _flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings under dotted keys."""
    for key, value in document.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _told(
    runs: Sequence[dict[str, Any]],
    numbers: dict[str, dict[str, dict[str, Any]]],
    *,
    with_settings: bool,
) -> dict[str, Any]:
    """For programs: everything, whether it differs or not; null where a run has no such metric."""
    told = [{name: run.get(name) for name in ("id", "name", "status")} for run in runs]
    if with_settings:
        for mine, run in zip(told, runs):
            mine.update(config=run.get("config") or {}, summary=run.get("summary") or {})
    by_metric = {
        metric: [by_run.get(run["id"]) for run in runs]
        for metric, by_run in sorted(numbers.items())
    }
    return {"runs": told, "metrics": by_metric}


def _print_csv(names: Sequence[str], rows: Sequence[Row]) -> None:
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["key", *names])
    for key, cells in rows:
        writer.writerow([_guarded(key), *map(_guarded, map(_cell, cells))])
    output.data(buffer.getvalue().rstrip("\n"))


def _cell(value: object) -> str:
    """A number with all of its digits."""
    return repr(value) if isinstance(value, float) else output.plain(value)


def _guarded(text: str) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe; a number is none."""
    if not text.startswith(("=", "+", "-", "@")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
