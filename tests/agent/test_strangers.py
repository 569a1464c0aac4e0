"""What was below the agent before its first job is no job's, nor is what comes from it.

An entry script of a container starts sshd and then becomes the agent: nobody's session may end with a job.
"""

from pathlib import Path

from tests.agent.conftest import INSTALLED, Start
from tests.agent.fake_server import FakeServer
from tests.agent.test_killing import begin
from tests.agent.watching import alive, asleep, wait_for


def beside(script: str) -> list[str]:
    """An agent that an entry script becomes after it has started something else."""
    return ["sh", "-c", f'{script} exec "$0" "$@"', *INSTALLED]


def test_what_was_there_before_the_agent_lives_on(
    server: FakeServer, start: Start, nap: str
) -> None:
    start(program=beside(f"setsid sleep {nap} &"))
    assert server.outcome(server.submit("true"))["exit_code"] == 0
    assert asleep(nap)


def test_what_comes_from_it_while_a_job_runs_lives_on(
    server: FakeServer, start: Start, nap: str, tmp_path: Path
) -> None:
    """As a session of sshd: an orphan that bears no mark of the job, and came to the agent while that ran."""
    go = tmp_path / "go"
    serve = f"while [ ! -e {go} ]; do sleep 0.05; done; setsid sleep {nap} &"
    start(program=beside(f"setsid sh -c '{serve}' &"))
    key = server.submit("sh", "-c", f"touch {go}; while [ ! -e {go}.on ]; do sleep 0.05; done")
    wait_for(lambda: asleep(nap))
    Path(f"{go}.on").touch()
    assert server.outcome(key)["exit_code"] == 0
    assert asleep(nap)


def test_a_job_beside_strangers_is_ended_with_all_that_was_seen_below_it(
    server: FakeServer, start: Start, nap: str
) -> None:
    """A child without any mark becomes an orphan when its parent dies of SIGTERM: it is known by then."""
    start(program=beside(f"setsid sleep {nap}9 &"))
    deaf = "env -i setsid sh -c 'trap : TERM; while :; do sleep {nap}; done' & wait"
    key = begin(server, deaf, f"{nap}8", grace_seconds=0.5)
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert not alive(f"{nap}8")
    assert asleep(f"{nap}9")
