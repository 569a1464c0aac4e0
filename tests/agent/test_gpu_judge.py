"""When a GPU is given up and given back, by the clock."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.agent.watching import wait_for
from worker_agent import holders
from worker_agent.board import Board, in_words
from worker_agent.gpu_judge import FREE_MB, SETTLE, Judge, Look
from worker_agent.log import Log
from worker_agent.order import Order
from worker_agent.smi import App, Gpu, Seen

NO_PROCESS = 2**22 + 7  # no kernel gives so high a number
KEY = (7, 1)


class Scene:
    """One agent with one GPU, and readings at moments that a test chooses."""

    def __init__(self, tmp_path: Path) -> None:
        self.board = Board((0,), 0)
        self.board.used = lambda: None
        self.gpu = Gpu(0, "A100", "GPU-0", 40960)
        self.log = tmp_path / "log"
        self.judge = Judge([self.gpu], self.board, Log("INFO", self.log))

    def sees(self, memory: float | None = 0, *pids: int, after: float = 0.0) -> None:
        """A reading, so many seconds after a job left the GPU (or after anything)."""
        waiting = self.board.unsettled()
        now = max(waiting.values(), default=0.0) + after
        load = {"index": 0, "memory_used_mb": memory}
        apps = [App("GPU-0", pid, "/usr/bin/python3", 1) for pid in pids]
        self.judge.judge(Look([Seen(0, "GPU-0", load, "")], apps), waiting, now)

    def runs_a_job(self) -> None:
        self.board.done_with(KEY)
        raw = {"job_id": KEY[0], "attempt": KEY[1], "command_argv": ["x"], "gpus": [0]}
        assert self.board.take(Order(raw), 0.0)

    def job_ends(self) -> None:
        self.board.hardware_is_free(KEY, used=True)

    @property
    def why(self) -> list[str]:
        return [each["why"] for each in self.board.blocked()]

    @property
    def is_offered(self) -> bool:
        return self.board.free_gpus() == [0]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


class TestAfterAJob:
    def test_it_is_offered_once_its_memory_is_free(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.job_ends()
        assert not scene.is_offered
        scene.sees(30000, after=1)
        assert not scene.is_offered
        scene.sees(FREE_MB, after=2)
        assert scene.is_offered

    def test_memory_that_stays_becomes_a_reason_that_people_see(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.job_ends()
        scene.sees(30000, after=SETTLE - 1)
        assert scene.why == []
        scene.sees(30000, after=SETTLE + 1)
        assert scene.why == ["memory_held"]
        assert scene.board.unsettled() == {}
        assert "GPU 0 has 30000 MiB in use, by no process that can be seen" in scene.log.read_text()
        scene.sees(10)
        assert scene.is_offered
        assert "GPU 0 can be handed out again" in scene.log.read_text()

    def test_a_process_that_died_since_the_reading_is_waited_for(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.job_ends()
        scene.sees(0, NO_PROCESS, after=1)
        scene.sees(0, NO_PROCESS, after=2)
        assert not scene.is_offered
        assert scene.why == []
        scene.sees(0, NO_PROCESS, after=SETTLE)
        assert scene.why == ["foreign"]

    def test_a_reading_from_before_its_end_says_nothing(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.job_ends()
        look = Look([Seen(0, "GPU-0", {"memory_used_mb": 0}, "")], [])
        scene.judge.judge(look, {}, 0.0)
        assert not scene.is_offered

    def test_a_job_that_left_it_later_is_waited_for_anew(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.job_ends()
        before = scene.board.unsettled()
        scene.runs_a_job()
        scene.job_ends()
        scene.judge.judge(Look([Seen(0, "GPU-0", {"memory_used_mb": 0}, "")], []), before, 0.0)
        assert not scene.is_offered

    def test_memory_that_is_not_told_cannot_be_waited_for(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.job_ends()
        scene.sees(None, after=1)
        assert scene.is_offered


class TestNumbers:
    def test_a_gpu_that_moved_up_is_not_mistaken_for_another(self, scene: Scene) -> None:
        """The one before it fell off the bus: a job that was given "0" would get the next one."""
        load = {"index": 1, "memory_used_mb": 0}
        scene.judge.judge(Look([Seen(1, "GPU-0", load, "")], []), {}, 0.0)
        assert "calls it GPU 1 now" in scene.board.blocked()[0]["reason"]
        scene.sees(0)
        assert scene.is_offered

    def test_where_the_uuid_was_not_known_it_is_learnt(self, scene: Scene) -> None:
        scene.gpu.uuid = ""
        scene.sees(0, os.getppid())
        assert scene.why == ["foreign"]


class TestStrangers:
    def test_a_process_that_cannot_be_found_counts_the_second_time(self, scene: Scene) -> None:
        """It may have died since; or it lives in another container, and stays."""
        scene.sees(0, NO_PROCESS)
        assert scene.is_offered
        scene.sees(0, NO_PROCESS)
        (told,) = scene.board.blocked()
        assert told["processes"] == [
            {"pid": NO_PROCESS, "user": "", "name": "python3", "memory_mb": 1}
        ]
        assert in_words("foreign", told) == f"is used by pid {NO_PROCESS}, python3"

    def test_while_a_job_runs_there_it_may_be_the_jobs_own(self, scene: Scene) -> None:
        """In a container nvidia-smi may tell the numbers of the host."""
        scene.runs_a_job()
        for _ in range(3):
            scene.sees(30000, NO_PROCESS)
        assert scene.why == []

    def test_a_stranger_beside_a_job_is_told_and_does_the_job_no_harm(self, scene: Scene) -> None:
        scene.runs_a_job()
        scene.sees(30000, os.getppid())
        assert scene.why == ["foreign"]
        assert scene.board.held() == {0}

    def test_many_strangers_are_told_in_part(self, scene: Scene) -> None:
        scene.sees(0, *[os.getppid()] * 40)
        assert len(scene.board.blocked()[0]["processes"]) == 16

    def test_who_serves_all_that_compute_is_nobodys_job(self, scene: Scene) -> None:
        app = App("GPU-0", os.getppid(), "/usr/bin/nvidia-cuda-mps-server", 30)
        look = Look([Seen(0, "GPU-0", {"memory_used_mb": 30}, "")], [app])
        scene.judge.judge(look, {}, 0.0)
        assert scene.is_offered

    def test_what_came_from_us_is_ours_and_nothing_else(self) -> None:
        child = subprocess.Popen(["sh", "-c", "sleep 600 & wait"])
        try:
            grandchild = wait_for(lambda: children_of(child.pid))[0]
            assert holders.is_ours(child.pid)
            assert holders.is_ours(grandchild)
            assert holders.is_ours(os.getppid()) is False
            assert holders.is_ours(1) is False
            assert holders.is_ours(NO_PROCESS) is None
        finally:
            os.kill(grandchild, 9)
            child.wait()

    def test_reasons_of_others_are_left_alone(self, scene: Scene) -> None:
        scene.board.block(0, "unkillable", processes=[{"pid": 5, "name": "python"}])
        scene.sees(0, os.getppid())
        scene.sees(0)
        assert scene.why == ["unkillable"]
        told = in_words("unkillable", scene.board.blocked()[0])
        assert told == "is held by what SIGKILL did not end: pid 5, python"


def children_of(pid: int) -> list[int]:
    return [int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
