"""wait: block until jobs have ended."""

from __future__ import annotations

import click

from whirr.cli import failures, jobs, output, place, values, waiting
from whirr.wire import WireError


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--json", "as_json", is_flag=True, help="Print the ended jobs as JSON.")
@place.options
def wait(
    server_url: str | None, data_dir: str | None, *, ids: tuple[str, ...], as_json: bool
) -> int:
    """Wait until all these jobs have ended.

    Exits with 0 if all completed, otherwise with the exit code of the first that did not.
    """
    numbers = [values.job_id(text) for text in ids]
    where = place.find(server_url, data_dir)
    steady = waiting.Steady(where.client())
    ended = []
    try:
        for number in numbers:
            steady.job(number)  # an unknown one is told before the long wait
        for number in numbers:
            job = waiting.until_ended(steady, number)
            output.chat(f"whirr: {jobs.how_it_ended(job)}")
            ended.append(job)
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
    return next((code for code in map(jobs.exit_code, ended) if code), failures.DONE)
