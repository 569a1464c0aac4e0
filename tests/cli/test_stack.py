"""The embedded stack with stand-in children: start, restart, kill -9, and the end of it all."""

import os
import signal
import stat
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

from tests.cli.command import Whirr, alive, wait_for
from tests.cli.stacks import Stack, another_web, web_pid
from whirr.stack.running import is_healthy


def test_init_makes_a_private_folder_once(whirr: Whirr) -> None:
    assert whirr("init").stdout == f"{whirr.cwd}/.whirr\n"
    data = whirr.cwd / ".whirr"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert (data / "runs").is_dir()
    assert f'project: "{whirr.cwd.name}"' in (data / "config.yaml").read_text()
    (data / "config.yaml").write_text("port: 9000\n")
    assert "nothing changed" in whirr("init").stderr
    assert (data / "config.yaml").read_text() == "port: 9000\n"


def test_init_where_nothing_may_be_written(whirr: Whirr) -> None:
    whirr.cwd = Path("/proc")  # not even root may
    result = whirr("init")
    assert result.returncode == 1
    assert "cannot use the folder" in result.stderr


def test_init_where_a_file_is_in_the_way(whirr: Whirr) -> None:
    (whirr.cwd / ".whirr").write_text("")
    result = whirr("init")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 2


def test_up_prints_the_secret_link_and_ctrl_c_stops_all(stack: Stack) -> None:
    process = stack.up()
    children = stack.children(process.pid)
    secret = (stack.data / "secret").read_text().strip()
    assert stat.S_IMODE((stack.data / "secret").stat().st_mode) == 0o600
    assert len(secret) >= 40
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == f"http://127.0.0.1:{stack.port}/enter#{secret}\n"
    assert secret not in err
    assert not any(alive(pid) for pid in children)
    assert stack.facts() == {}


def test_the_secret_is_in_no_command_line_and_no_log(stack: Stack) -> None:
    stack("up", "--detach", "--port", str(stack.port))
    secret = (stack.data / "secret").read_text().strip()
    family = [psutil.Process(stack.facts()["pid"])]
    family += family[0].children(recursive=True)
    assert len(family) >= 4
    assert all(secret not in " ".join(each.cmdline()) for each in family)
    assert all(secret not in path.read_text() for path in (stack.data / "logs").iterdir())


def test_without_access_control_the_link_is_just_the_url(stack: Stack) -> None:
    result = stack("up", "--detach", "--port", str(stack.port), WHIRR_AUTH="none")
    assert result.stdout == f"http://127.0.0.1:{stack.port}/\n"


def test_detach_returns_when_healthy_and_down_ends_it(stack: Stack) -> None:
    first = stack("up", "--detach", "--port", str(stack.port))
    assert first.returncode == 0, first.stderr
    pid = stack.facts()["pid"]
    children = stack.children(pid)
    again = stack("up", "--detach")
    assert again.returncode == 0
    assert again.stdout == first.stdout == stack("dashboard").stdout
    assert "already running" in again.stderr
    assert stack.facts()["pid"] == pid
    result = stack("down")
    assert result.returncode == 0
    assert "stopped" in result.stderr
    assert not any(alive(each) for each in (pid, *children))
    assert "no stack runs here" in stack("down").stderr


def test_one_stack_a_folder(stack: Stack) -> None:
    stack.up()
    result = stack("up")
    assert result.returncode == 1
    assert "already runs" in result.stderr
    assert "whirr down" in result.stderr


def test_five_starters_at_once_make_one_stack(stack: Stack) -> None:
    starters = [stack.start("up", "--detach", "--port", str(stack.port)) for _ in range(5)]
    links = {process.communicate(timeout=60)[0] for process in starters}
    assert [process.returncode for process in starters] == [0] * 5
    assert len(links) == 1


def test_a_subfolder_belongs_to_the_project_above(stack: Stack) -> None:
    stack("init")
    below = stack.cwd / "a" / "b"
    below.mkdir(parents=True)
    stack.cwd = below
    assert stack("up", "--detach", "--port", str(stack.port)).returncode == 0
    assert stack.facts()["port"] == stack.port
    assert not (below / ".whirr").exists()


def test_a_killed_web_process_comes_back_on_its_port_however_often(stack: Stack) -> None:
    """It has worked, so it is never given up: giving up would end the jobs that run."""
    process = stack.up()
    for _ in range(7):
        before = web_pid(stack)
        os.kill(before, signal.SIGKILL)
        wait_for(partial(another_web, stack, before), "it is back")
    wait_for(lambda: is_healthy(f"http://127.0.0.1:{stack.port}"), "it answers")
    process.terminate()
    assert "was killed by SIGKILL; starting it again" in process.communicate(timeout=20)[1]


def test_a_stack_whose_messages_nobody_reads_goes_on(stack: Stack) -> None:
    process = stack.up()
    assert process.stderr is not None
    process.stderr.close()
    process.stderr = None
    before = web_pid(stack)
    os.kill(before, signal.SIGKILL)
    wait_for(partial(another_web, stack, before), "it is back")
    assert process.poll() is None


def test_a_child_that_cannot_be_started_is_tried_again_for_a_while(stack: Stack) -> None:
    stack("init")
    (stack.data / "logs" / "background.log").mkdir()  # its log cannot be opened
    result = stack("up", "--port", str(stack.port))
    assert result.returncode == 1
    assert result.stderr.count("cannot be started") == 5
    assert "starting it again" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_a_dead_child_left_in_its_group_is_killed(stack: Stack) -> None:
    """A forked helper (Celery's beat, say) must not live beside its successor."""
    left = stack.cwd / "left"
    stack.up(STAND_IN_BACKGROUND=f"sleep 1000 & echo $! >> {left}; wait")
    helper = int(wait_for(lambda: left.exists() and left.read_text().strip(), "it forked"))
    parent = psutil.Process(helper).ppid()
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: not alive(helper), "the helper is gone")
    wait_for(lambda: len(left.read_text().split()) == 2, "the child was started again")


def test_kill_9_of_the_supervisor_stops_everything(stack: Stack) -> None:
    left = stack.cwd / "left"
    fork = f"sh -c 'trap \"\" TERM INT HUP; echo $$ > {left}; sleep 1000' & wait"
    process = stack.up(STAND_IN_BACKGROUND=fork)
    helper = int(wait_for(lambda: left.exists() and left.read_text().strip(), "it forked"))
    children = stack.children(process.pid)
    process.kill()
    wait_for(lambda: not any(alive(pid) for pid in (helper, *children)), "all are gone")
    assert stack("up", "--detach", "--port", str(stack.port)).returncode == 0


def test_children_die_with_the_supervisor_even_without_their_keeper(stack: Stack) -> None:
    process = stack.up()
    children = stack.children(process.pid)
    keeper = [pid for pid in children if "keeper.py" in " ".join(psutil.Process(pid).cmdline())]
    os.kill(keeper[0], signal.SIGKILL)
    process.kill()
    wait_for(lambda: not any(alive(pid) for pid in children), "all are gone")


def test_a_child_that_keeps_failing_ends_the_stack_with_its_last_words(stack: Stack) -> None:
    result = stack(
        "up", "--port", str(stack.port), STAND_IN_AGENT="echo the disk is on fire; exit 9"
    )
    assert result.returncode == 1
    assert "the disk is on fire" in result.stderr
    assert "agent ended with exit code 9 5 times in a row" in result.stderr
    assert stack.log("agent").count("the disk is on fire") == 5


def test_a_wrong_configuration_ends_the_stack_at_once_with_one_sentence(stack: Stack) -> None:
    broken = "echo much more >&2; echo WHIRR_AUTH is nonsense. >&2; exit 2"
    result = stack("up", "--port", str(stack.port), STAND_IN_WEB=broken)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == "WHIRR_AUTH is nonsense."
    assert stack.log("web").count("nonsense") == 1
    detached = stack("up", "--detach", "--port", str(stack.port), STAND_IN_WEB=broken)
    assert detached.returncode == 2
    assert "did not start: WHIRR_AUTH is nonsense." in detached.stderr


def test_a_stubborn_child_is_killed_in_the_end(stack: Stack) -> None:
    process = stack.up(STAND_IN_BACKGROUND="trap '' TERM; while :; do sleep 0.05; done")
    children = stack.children(process.pid)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not any(alive(pid) for pid in children)


def test_a_second_ctrl_c_does_not_wait(stack: Stack) -> None:
    marker = stack.cwd / "stopping"
    trap = f"trap 'touch {marker}' TERM; echo ready; while :; do sleep 0.05; done"
    process = stack.up(STAND_IN_AGENT=trap, STAND_IN_BACKGROUND=trap, STAND_IN_STOP="3600")
    wait_for(lambda: stack.log("agent") and stack.log("background"), "both are ready")
    process.send_signal(signal.SIGINT)
    wait_for(marker.exists, "it stops the agent first")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_agent_is_told_twice_and_before_the_others(stack: Stack) -> None:
    order = stack.cwd / "order"
    agent = f"trap 'echo agent >> {order}; n=$((n+1)); [ $n = 2 ] && exit' TERM; "
    other = f"trap 'echo other >> {order}; exit' TERM; "
    loop = "echo ready; while :; do sleep 0.05; done"
    process = stack.up(STAND_IN_AGENT=agent + loop, STAND_IN_BACKGROUND=other + loop)
    wait_for(lambda: stack.log("agent") and stack.log("background"), "both are ready")
    process.terminate()
    process.communicate(timeout=20)
    assert order.read_text().split() == ["agent", "agent", "other"]


def test_no_agent_means_none(stack: Stack) -> None:
    result = stack("up", "--detach", "--no-agent", "--port", str(stack.port))
    assert result.returncode == 0
    assert not (stack.data / "logs" / "agent.log").exists()


def test_a_large_log_is_put_aside_at_the_start(stack: Stack) -> None:
    stack("init")
    (stack.data / "logs" / "web.log").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    stack("up", "--detach", "--port", str(stack.port))
    assert (stack.data / "logs" / "web.log").stat().st_size < 1000
    assert (stack.data / "logs" / "web.log.1").stat().st_size > 10 * 1024 * 1024
