"""A run as a file that anybody can read: made piece by piece from the run's own files, whatever its size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runs.errors import Invalid
from runs.exporting import archive, columns, records, table
from runs.models import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of file. `write(run, everything, raw)` gives its bytes in pieces."""

    content_type: str
    write: Callable[[Run, bool, bool], Iterator[bytes]]
    has_everything: bool = False  # more than metrics


FORMATS = {
    "jsonl": Format(
        content_type="application/x-ndjson",
        write=lambda run, everything, _: records.lines(run, everything=everything),
        has_everything=True,
    ),
    "json": Format(
        content_type="application/json",
        write=lambda run, everything, _: records.document(run, everything=everything),
        has_everything=True,
    ),
    "csv": Format(
        content_type="text/csv; charset=utf-8",
        write=lambda run, _, raw: table.write(run, raw=raw),
    ),
    "parquet": Format(
        content_type="application/vnd.apache.parquet",
        write=lambda run, _, __: columns.write(run),
    ),
    "tar": Format(
        content_type="application/x-tar",
        write=lambda run, _, __: archive.write(run),
        has_everything=True,
    ),
}
WHAT = ("all", "metrics")


def export(run: Run, name: str, *, what: str = "", raw: bool = False) -> Iterator[bytes]:
    """The run in the format `name`, in pieces.

    `what` is "all" or "metrics"; left out, it is all that the format can hold. With `raw`, texts of a CSV stand as
    they are, also where a spreadsheet would take them for a formula. Raises Invalid for what cannot be had.
    """
    form = FORMATS[name]
    if what == "all" and not form.has_everything:
        raise Invalid(f"{name} holds metrics alone; ask for what=metrics, or for format=jsonl")
    if name == "parquet":
        columns.check_installed()
    if name == "tar" and what == "metrics":
        raise Invalid("a tar is always the whole run; ask for format=jsonl with what=metrics")
    return form.write(run, what != "metrics", raw)
