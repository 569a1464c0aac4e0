"""submit: queue a command."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import arrays, failures, jobs, output, place, submitting, waiting
from whirr.cli.values import Duration, Memory, Setting, StopSignal
from whirr.wire import Client, WireError


@click.command(context_settings={"ignore_unknown_options": False})
@click.option("--name", "-n", help="A name to find it by.")
@click.option("--tags", "-t", multiple=True, metavar="a,b", help="Tags of the run.")
@click.option("--gpus", type=click.IntRange(0, 1024), help="How many GPUs it needs.")
@click.option("--vram", type=Memory(), metavar="24G", help="Least memory of each GPU.")
@click.option("--gpu-model", metavar="TEXT", help="Only GPUs with this in their name, like a100.")
@click.option("--require", multiple=True, metavar="TAG", help="Only on agents with this tag.")
@click.option("--kind", metavar="WORD", help="Only on agents that run jobs of this kind.")
@click.option(
    "--after",
    multiple=True,
    metavar="ID",
    help="Start when these jobs have completed: 7,8 or A3; any:7 when it ended, notok:7 when it failed.",
)
@click.option("--array", metavar="0-99%8", help="A job for each index; %8: eight at a time.")
@click.option("--hold", is_flag=True, help="Do not start it before `whirr release`.")
@click.option("--priority", "-p", type=int, help="Higher goes first. Default: 0.")
@click.option(
    "--retries", type=click.IntRange(0, 1000), help="Try again after a failure of its own."
)
@click.option(
    "--retry-on", multiple=True, metavar="1,75", help="Only after these exit codes. Default: all."
)
@click.option("--timeout", type=Duration(), metavar="2h", help="Stop each attempt after this time.")
@click.option("--grace", type=Duration(), metavar="30s", help="From SIGTERM to SIGKILL.")
@click.option(
    "--stop-signal",
    type=StopSignal(),
    metavar="USR1",
    help="To be told to stop with, instead of SIGTERM: INT, USR1, USR2 or HUP.",
)
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
    whirr submit --array 0-99%8 -- sh -c 'python train.py --seed $WHIRR_ARRAY_INDEX'
    """
    _refuse_nonsense(follow=follow, as_json=as_json, **given)
    body = submitting.describe(**given)
    where = place.find(server_url, data_dir)
    if project := given["project"] or place.settings(where.folder).project:
        body["project"] = project
    client = where.client()
    try:
        answer = submitting.send(client, body)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    answer["url"] = where.address(str(answer.get("url") or f"/runs/{answer.get('run_id')}/"))
    _tell(answer, as_json=as_json, aside=follow)
    if answer.get("status") == "cancelled":  # what it waits for has ended otherwise
        output.chat(f"whirr: {answer.get('message')}")
        return failures.FAILED
    if not (wait or follow):
        return failures.DONE
    try:
        return _watch(client, answer, follow=follow)
    except KeyboardInterrupt:
        return waiting.detached(answer.get("array_id") or answer["job_id"])
    except WireError as error:
        raise failures.from_wire(error, where.url) from error


def _refuse_nonsense(*, follow: bool, as_json: bool, **given: Any) -> None:
    if follow and as_json:
        raise click.UsageError(
            "--follow prints the job's output and --json the answer: use one of them"
        )
    if follow and given["array"]:
        raise click.UsageError("--follow shows one job's output: use --wait for an array")
    if not given["argv"][0]:
        raise click.UsageError("the command to run is empty")


def _tell(answer: dict[str, Any], *, as_json: bool, aside: bool) -> None:
    """Print id and URL; aside (stderr) when stdout is for the job's own output."""
    if as_json:
        output.as_json(answer)
        return
    state, url = answer.get("status") or "queued", answer["url"]
    if array := answer.get("array_id"):
        ids = arrays.ranges(answer["job_ids"])
        words, cells = f"array {array} is {state}, jobs {ids}: {url}", [array, ids, url]
    else:
        number = answer["job_id"]
        words, cells = f"job {number} is {state}: {url}", [str(number), url]
    if aside:
        output.chat(words)
    else:
        output.data(words if output.on_terminal() else "\t".join(cells))


def _watch(client: Client, answer: dict[str, Any], *, follow: bool) -> int:
    steady = waiting.Steady(client)
    steady.trust()
    if array := answer.get("array_id"):
        members = arrays.until_ended(steady, array)
        output.chat(f"whirr: {arrays.how_it_ended(array, members)}")
        return arrays.exit_code(members)
    number = int(answer["job_id"])
    job = (
        waiting.Follower(steady, number).until_ended()
        if follow
        else waiting.until_ended(steady, number)
    )
    output.chat(f"whirr: {jobs.how_it_ended(job)}")
    return jobs.exit_code(job)
