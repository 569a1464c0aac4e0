"""wait: block until jobs have ended."""

from __future__ import annotations

import click

from whirr.cli import arrays, failures, jobs, output, place, values, waiting
from whirr.cli.jobs import Job
from whirr.cli.waiting import Steady
from whirr.wire import WireError


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--json", "as_json", is_flag=True, help="Print the ended jobs as JSON.")
@place.options
def wait(
    server_url: str | None, data_dir: str | None, *, ids: tuple[str, ...], as_json: bool
) -> int:
    """Wait until all these jobs, and all members of arrays like A3, have ended.

    Exits with 0 if all completed, otherwise with the exit code of the first that did not; an array's is 1.
    """
    targets = [values.target(text) for text in ids]
    where = place.find(server_url, data_dir)
    steady = waiting.Steady(where.client())
    ended, codes = [], []
    try:
        for target in targets:  # an unknown one is told before the long wait
            _look(steady, target)
        for target in targets:
            found, code = _wait(steady, target)
            ended += found
            codes.append(code)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    except KeyboardInterrupt:
        output.chat("\nwhirr: stopped watching; the jobs go on")
        return failures.INTERRUPTED
    if as_json:
        output.as_json(ended)
    else:
        rows = [(job["id"], job["status"], jobs.exit_code(job)) for job in ended]
        output.table(("job", "status", "exit code"), rows)
    return next((code for code in codes if code), failures.DONE)


def _look(steady: Steady, target: int | str) -> None:
    if isinstance(target, int):
        steady.job(target)
    else:
        steady.ask(lambda: arrays.members(steady.client, target))


def _wait(steady: Steady, target: int | str) -> tuple[list[Job], int]:
    """What has ended now, and the exit code that this amounts to."""
    if isinstance(target, str):
        members = arrays.until_ended(steady, target)
        output.chat(f"whirr: {arrays.how_it_ended(target, members)}")
        return members, arrays.exit_code(members)
    job = waiting.until_ended(steady, target)
    output.chat(f"whirr: {jobs.how_it_ended(job)}")
    return [job], jobs.exit_code(job)
