"""Direct runs whose training, shipper and server are killed with -9 at random moments; then each is judged."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from tests.e2e.programs import ROOT, Program, Site, wait_for
from tests.support.point_for_point import differences, points_of

TRAINER = str(ROOT / "tests" / "e2e" / "direct_trainer.py")
SHIPPER = "whirr.shipping.shipper"
VICTIMS = ("trainer", "shipper", "server")


class Training:
    """A direct run in a data folder: `elsewhere`, so that all goes over HTTP, or the server's own."""

    def __init__(self, site: Site, data: Path, name: str, *, patience: float = 5.0) -> None:
        self.data = data
        self._site = site
        self._log = site.folder / f"{name}.out"
        self._enough = site.folder / f"{name}.enough"
        self._env = {
            "PYTHONPATH": str(ROOT),
            "WHIRR_DATA_DIR": str(data),
            "WHIRR_SERVER_URL": site.url,
            "WHIRR_TOKEN": site.secret,
            "WHIRR_FINISH_PATIENCE": str(patience),
        }
        self.program = self._program()

    def _program(self, *words: str) -> Program:
        command = [sys.executable, TRAINER, str(self._enough), *words]
        return Program(command, env=self._env, log=self._log)

    def start(self) -> None:
        self.program.start()
        wait_for(lambda: self.words, within=30, what=lambda: f"a run begins\n{self.said}")

    def go_on(self) -> None:
        """In a new process, with the run of the one that was killed."""
        self.program = self._program(self.folder.name)
        self.program.start()

    @property
    def said(self) -> str:
        return self.program.said()

    @property
    def words(self) -> list[str]:
        return self.said.split("\n")[:-1]

    @property
    def folder(self) -> Path:
        return self.data / "runs" / self.words[0]

    def shippers(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if str(self.folder) in words and any(SHIPPER in word for word in words):
                found.append(process)
        return found

    def kill_shippers(self) -> int:
        """How many there were: none, while it is just being started, or has done all."""
        found = self.shippers()
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(found)

    def finish(self) -> None:
        self._enough.touch()
        process = self.program.process
        assert process is not None
        process.wait(timeout=60)

    def lost(self) -> list[str]:
        """Lines of which `log` had returned, and that are not in the file."""
        told = max((int(word) for word in self.words if word.isdigit()), default=-1)
        there = (self.folder / "metrics.jsonl").read_bytes().count(b'"twice"')
        return [] if there > told else [f"{told + 1} lines were logged, {there} are in the file"]

    def end(self) -> None:
        """Nothing of it stays."""
        self.program.kill()
        if self.words:
            self.kill_shippers()


class Kills:
    """Some trainings and their server, and who dies when. The same seed gives the same order and the same pauses."""

    def __init__(
        self, site: Site, trainings: list[Training], seed: int, *, longest: float = 1.0
    ) -> None:
        self._longest = longest  # seconds between two kills
        self.done: Counter[str] = Counter()
        self._site = site
        self._trainings = trainings
        self._random = random.Random(seed)

    def go_through(self, each: int, rest: Callable[[float], object]) -> None:
        """Kill each of the three so many times, of each training."""
        for training in self._trainings:
            training.start()
        order = list(VICTIMS) * each
        self._random.shuffle(order)
        for victim in order:
            rest(self._random.uniform(0.05, self._longest))
            getattr(self, f"_kill_{victim}")()
        self._until_the_server_answers()
        for training in self._trainings:
            training.finish()

    def _kill_trainer(self) -> None:
        for training in self._trainings:
            training.program.kill()
            self.done["trainer"] += 1
            training.go_on()

    def _kill_shipper(self) -> None:
        for training in self._trainings:
            self.done["shipper"] += training.kill_shippers()

    def _kill_server(self) -> None:
        self._site.web.kill()
        self._site.web.start()  # nobody waits for it here: that would be the same moment each time
        self.done["server"] += 1

    def _until_the_server_answers(self) -> None:
        wait_for(self._site.is_healthy, within=60, what=lambda: self._site.web.said())


def sync(site: Site, data: Path) -> list[str]:
    """`whirr sync`, as a person runs it; what it complains of."""
    done = subprocess.run(
        [sys.executable, "-m", "whirr.cli.main", "sync", str(data)],
        env={"PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "WHIRR_SERVER_URL": site.url}
        | {"WHIRR_TOKEN": site.secret},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return [] if done.returncode == 0 else [f"whirr sync: {done.returncode}\n{done.stderr}"]


def judged(site: Site, trainings: list[Training]) -> list[str]:
    """What is wrong once `whirr sync` has delivered the rest; and when it is run again, for nothing may double."""
    problems = [problem for training in trainings for problem in training.lost()]
    for _ in range(2):
        for training in trainings:
            problems += sync(site, training.data)
            problems += differences(site, training.folder)
    return problems


def total_points(trainings: list[Training]) -> int:
    return sum(points_of(training.folder) for training in trainings)


def freeze(site: Site) -> None:
    """From now on it takes connections and answers nothing."""
    site.web.signal(signal.SIGSTOP)


def thaw(site: Site) -> None:
    site.web.signal(signal.SIGCONT)


def rest(seconds: float) -> None:
    time.sleep(seconds)
