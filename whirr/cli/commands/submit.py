"""submit: queue a command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from whirr.cli import failures, jobs, output, place, waiting
from whirr.cli.values import Duration, Memory, Setting, listed
from whirr.wire import Client, Unreachable, WireError


def describe(**given: Any) -> dict[str, Any]:
    """The request body for a new job: what the command line said, without what it left out."""
    body = {
        "command_argv": list(given["argv"]),
        "workdir": str(Path.cwd()),
        "name": given["name"],
        "tags": listed(given["tags"]),
        "env": dict(given["env"]),
        "project": given["project"],
        "priority": given["priority"],
        "gpus": given["gpus"],
        "min_memory_mb": given["vram"],
        "require_tags": listed(given["require"]),
        "retries": given["retries"],
        "timeout_seconds": given["timeout"],
        "grace_seconds": given["grace"],
        "exclusive": given["exclusive"],
    }
    needless: tuple[object, ...] = (None, "", [], {}, False)
    return {key: value for key, value in body.items() if value not in needless}


@click.command(context_settings={"ignore_unknown_options": False})
@click.option("--name", "-n", help="A name to find it by.")
@click.option("--tags", "-t", multiple=True, metavar="a,b", help="Tags of the run.")
@click.option("--gpus", type=click.IntRange(0, 1024), help="How many GPUs it needs.")
@click.option("--vram", type=Memory(), metavar="24G", help="Least memory of each GPU.")
@click.option("--require", multiple=True, metavar="TAG", help="Only on agents with this tag.")
@click.option("--priority", "-p", type=int, help="Higher goes first. Default: 0.")
@click.option(
    "--retries", type=click.IntRange(0, 1000), help="Try again after a failure of its own."
)
@click.option("--timeout", type=Duration(), metavar="2h", help="Stop each attempt after this time.")
@click.option("--grace", type=Duration(), metavar="30s", help="From SIGTERM to SIGKILL.")
@click.option(
    "--env", "-e", type=Setting(), multiple=True, metavar="K=V", help="Environment of the job."
)
@click.option("--project", help="Project it belongs to. Default: from .whirr/config.yaml.")
@click.option(
    "--exclusive", is_flag=True, help="Never two attempts at once, even cut off from the server."
)
@click.option("--wait", is_flag=True, help="Wait for its end; exit with its own exit code.")
@click.option("--follow", "-f", is_flag=True, help="Like --wait, with its output.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@place.options
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, required=True, metavar="-- CMD…")
def submit(
    server_url: str | None,
    data_dir: str | None,
    *,
    wait: bool,
    follow: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Queue a command. Everything after -- is passed as it stands.

    \b
    whirr submit -- python train.py --lr 0.01
    whirr submit --gpus 2 --vram 24G --timeout 8h --retries 2 -- torchrun train.py
    """
    _refuse_nonsense(follow=follow, as_json=as_json, argv=given["argv"])
    where = place.find(server_url, data_dir)
    given["project"] = given["project"] or place.settings(where.folder).project
    client = where.client()
    body = describe(**given)
    _refuse_broken_text(body)
    try:
        answer = _send(client, body)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    number = int(answer["job_id"])
    answer["url"] = where.address(str(answer.get("url") or f"/runs/{answer.get('run_id')}/"))
    _tell(number, answer, as_json=as_json, aside=follow)
    if not (wait or follow):
        return failures.DONE
    try:
        return _watch(client, number, follow=follow)
    except KeyboardInterrupt:
        return waiting.detached(number)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error


def _refuse_nonsense(*, follow: bool, as_json: bool, argv: tuple[str, ...]) -> None:
    if follow and as_json:
        raise click.UsageError(
            "--follow prints the job's output and --json the answer: use one of them"
        )
    if not argv[0]:
        raise click.UsageError("the command to run is empty")


def _refuse_broken_text(body: dict[str, Any]) -> None:
    """JSON is Unicode: bytes that are none could not be passed as they stand."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise click.UsageError("the command or an option holds bytes that are not UTF-8") from error


def _send(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/v1/jobs", body, timeout=30.0).json()
    if not isinstance(answer, dict) or "job_id" not in answer:
        raise Unreachable("the answer does not come from whirr")
    return answer


def _tell(number: int, answer: dict[str, Any], *, as_json: bool, aside: bool) -> None:
    """Print id and URL; aside (stderr) when stdout is for the job's own output."""
    if as_json:
        output.as_json(answer)
    elif aside:
        output.chat(f"job {number} is queued: {answer['url']}")
    elif output.on_terminal():
        output.data(f"job {number} is queued: {answer['url']}")
    else:
        output.data(f"{number}\t{answer['url']}")


def _watch(client: Client, number: int, *, follow: bool) -> int:
    steady = waiting.Steady(client)
    steady.trust()
    job = (
        waiting.Follower(steady, number).until_ended()
        if follow
        else waiting.until_ended(steady, number)
    )
    output.chat(f"whirr: {jobs.how_it_ended(job)}")
    return jobs.exit_code(job)
