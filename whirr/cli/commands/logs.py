"""logs: a job's output."""

from __future__ import annotations

import click

from whirr.cli import failures, grepping, jobs, output, place, values, waiting
from whirr.cli.grepping import Wanted
from whirr.cli.waiting import PIECE, Follower, Steady
from whirr.wire import Client, NotFound, WireError

LARGEST_TAIL = 64 * PIECE


@click.command()
@click.argument("job", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on as it grows, until the job ends.")
@click.option("--tail", "-n", type=click.IntRange(0), metavar="N", help="Only the last N lines.")
@click.option(
    "--attempt", type=click.IntRange(1), metavar="N", help="Another attempt than the newest."
)
@click.option("--grep", "-g", metavar="PATTERN", help="Only lines with this regular expression.")
@click.option("--ignore-case", "-i", is_flag=True, help="With --grep: case does not matter.")
@click.option(
    "--since", type=values.Since(), metavar="TIME", help="Only what came since 10m ago, or a time."
)
@place.options
def logs(
    server_url: str | None,
    data_dir: str | None,
    *,
    job: str,
    follow: bool,
    tail: int | None,
    attempt: int | None,
    grep: str | None,
    ignore_case: bool,
    since: float | None,
) -> int:
    """Print a job's output as it stands. --follow ends with the job's own exit code."""
    wanted = Wanted(tail, since, grep, ignore_case=ignore_case)
    wanted.check(follow=follow)
    run = values.run_id(job)
    number = None if run.startswith("local-") else values.job_id(job)
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        if number is None:
            _print(client, run, attempt, wanted)
            return failures.DONE
        return _of_job(Steady(client), number, attempt, wanted=wanted, follow=follow)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    except KeyboardInterrupt:
        return waiting.detached(number or 0) if follow else failures.INTERRUPTED


def _of_job(
    steady: Steady, number: int, attempt: int | None, *, wanted: Wanted, follow: bool
) -> int:
    job = steady.job(number)
    newest = jobs.attempt_of(job)
    if attempt is not None and attempt > newest:
        raise NotFound(
            404, "not_found", f"job {number} has no attempt {attempt} (newest: {newest})"
        )
    run = str(job.get("run_id") or f"job-{number}")
    if not follow:
        if not newest:
            output.chat(f"whirr: job {number} is {job.get('status')}; no output yet")
            return failures.DONE
        _print(steady.client, run, attempt or newest, wanted)
        return failures.DONE
    if not newest and not jobs.has_ended(job):
        output.chat(
            f"whirr: job {number} is {job.get('status')}; its output follows as soon as it starts"
        )
    follower = Follower(steady, number, attempt)
    if newest and (wanted.tail, wanted.since) != (None, None):
        follower.attempt = attempt or newest
        follower.offset = grepping.offset_since(steady.client, run, follower.attempt, wanted.since)
        if wanted.tail is not None:
            follower.offset = _print_tail(
                steady.client, run, follower.attempt, wanted.tail, follower.offset
            )
    ended = follower.until_ended()
    output.chat(f"whirr: {jobs.how_it_ended(ended)}")
    return jobs.exit_code(ended)


def _print(client: Client, run: str, attempt: int | None, wanted: Wanted) -> None:
    if wanted.grep is not None:
        grepping.print_hits(client, run, attempt, wanted)
        return
    offset = grepping.offset_since(client, run, attempt, wanted.since)
    if wanted.tail is not None:
        _print_tail(client, run, attempt, wanted.tail, offset)
        return
    while True:
        data, _ = waiting.piece(client, run, attempt, offset)
        waiting.write(data)
        offset += len(data)
        if not data:
            return


def _print_tail(client: Client, run: str, attempt: int | None, lines: int, first: int) -> int:
    """Print the last lines of those from byte `first` on; returns the offset after them."""
    reach = 64 * 1024
    while True:
        query = {"attempt": attempt, "offset": -reach, "limit": reach}
        try:
            answer = client.get(f"/api/v1/runs/{run}/log", query, timeout=30.0)
        except NotFound:
            return 0
        start = int(answer.headers.get("x-whirr-offset") or 0)
        body = answer.body[max(0, first - start) :]
        kept = last_lines(body, lines)
        if start <= first or len(kept) < len(body) or reach >= LARGEST_TAIL:
            waiting.write(kept)
            return start + len(answer.body)
        reach *= 4


def last_lines(data: bytes, count: int) -> bytes:
    """The last `count` lines of some bytes; a line without its end counts as one."""
    if count == 0:
        return b""
    end = len(data) - 1 if data.endswith(b"\n") else len(data)
    for _ in range(count):
        end = data.rfind(b"\n", 0, end)
        if end < 0:
            return data
    return data[end + 1 :]
