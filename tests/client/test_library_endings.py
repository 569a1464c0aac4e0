"""How a program ends is how its run ends; signals, forks and threads in the middle of a log spoil nothing."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.client.projects import ROOT, begin, events, lines, meta, only_run, read_lines, script

pytestmark = pytest.mark.usefixtures("project")
QUIETLY = "capture_pip=False, capture_git=False, system_metrics=False"


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("sys.exit(3)", "failed"),
        ("sys.exit('no data')", "failed"),
        ("sys.exit()", "completed"),
        ("exit(1)", "failed"),
        ("quit(code='no data')", "failed"),
        ("exit()", "completed"),
        ("raise KeyboardInterrupt", "failed"),
        ("try: sys.exit(1)\nexcept SystemExit: run.log({'a': 1})", "completed"),
        ("t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()", "failed"),
        ("t = threading.Thread(target=lambda: sys.exit(1)); t.start(); t.join()", "completed"),
        ("with run: sys.exit(2)", "failed"),
        ("with run: raise SystemExit", "completed"),
    ],
)
def test_how_a_program_ends_is_how_its_run_ends(project: Path, ending: str, status: str) -> None:
    code = f"import sys, threading, whirr\nrun = whirr.init({QUIETLY})\n{ending}"
    script(code, project)
    assert meta(only_run(project))["status"] == status


def test_a_python_without_site_has_no_exit_to_listen_to(project: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import builtins, whirr
whirr.init({QUIETLY})
print(hasattr(builtins, "exit"))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_at_a_prompt_exit_still_says_how_to_leave(project: Path) -> None:
    code = f"import whirr\nbefore = repr(exit)\nwhirr.init({QUIETLY})\nprint(repr(exit) == before)"
    assert script(code, project).stdout == "True\n"


def test_the_hooks_of_others_are_still_called(project: Path) -> None:
    code = f"""
import sys, threading, whirr
threading.excepthook = lambda told: print("mine", told.exc_type.__name__)
whirr.init({QUIETLY})
t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()
"""
    assert script(code, project).stdout == "mine ZeroDivisionError\n"


SIGNALS = f"""
import os, signal, whirr
run = whirr.init({QUIETLY})
count = 0
def interrupt(*_):
    global count
    count += 1
    run.log({{"signal": count}})
    run.alert("signal")
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for step in range(20000):
    run.log({{"a": step}}, step=step)
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGTERM, lambda *_: run.finish("failed"))
os.kill(os.getpid(), signal.SIGTERM)
print(count, run.dropped)
"""


def test_a_signal_handler_may_log_in_the_middle_of_a_log(project: Path) -> None:
    count, dropped = script(SIGNALS, project).stdout.split()
    folder = only_run(project)
    found = [line for line in (folder / "metrics.jsonl").read_text().splitlines() if line]
    records = [json.loads(line) for line in found]
    assert sorted(line["_idx"] for line in records) == list(range(len(records)))
    assert [line["a"] for line in records if "a" in line] == list(range(20000))
    assert len(records) == 20000 + int(count)
    assert (int(count) > 0, dropped, meta(folder)["status"]) == (True, "0", "failed")


def test_a_fork_in_the_middle_of_other_threads_logs_cannot_lock_up(project: Path) -> None:
    code = f"""
import os, threading, whirr
run = whirr.init({QUIETLY})
busy = True
def work():
    while busy: run.log({{"a": 1}})
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for _ in range(20):
    if os.fork() == 0:
        run.log({{"child": 1}}); run.log_text("t", "x"); os._exit(0)
    os.wait()
busy = False
for thread in threads: thread.join()
"""
    assert script(code, project).stderr == ""
    children = read_lines(only_run(project) / "metrics.w2.jsonl")
    assert [line["_idx"] for line in children] == list(range(20))
    mine = read_lines(only_run(project) / "metrics.jsonl")
    assert [line["_idx"] for line in mine] == list(range(len(mine)))


def test_threads_log_events_and_metrics_at_once() -> None:
    run = begin()

    def work() -> None:
        for number in range(50):
            run.log({"a": number})
            run.log_text("t", "x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line["_idx"] for line in lines(run)] == list(range(200))
    assert [line["_idx"] for line in events(run)] == list(range(200))


def test_a_line_survives_kill_9_at_any_moment(project: Path) -> None:
    """What the training was told is logged is in the file, whatever killed it a moment later."""
    code = f"""
import os, sys, whirr
run = whirr.init({QUIETLY})
for step in range(10**9):
    run.log({{"a": step}}, step=step)
    os.write(1, b"%d\\n" % step)
    if step == 300: os.kill(os.getpid(), 9)
"""
    done = script(code, project)
    assert done.returncode == -signal.SIGKILL
    found = read_lines(only_run(project) / "metrics.jsonl")
    assert [line["a"] for line in found] == [int(word) for word in done.stdout.split()]
    assert meta(only_run(project))["status"] == "running"
