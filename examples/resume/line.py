"""Fit a straight line, slowly; stop when told to, and go on from the last checkpoint.

whirr submit --name line -- python examples/resume/line.py --steps 3000
python examples/resume/line.py            # works without a queue too: a direct run
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

import whirr

REQUEUE = 85  # "run me again": whirr counts it neither as a failure nor as a retry
DATA = [(x / 10, 3 * x / 10 + 1) for x in range(-10, 11)]


class Training:
    """The state that a checkpoint holds: the line a·x + b, and the next step."""

    def __init__(self, checkpoint: Path) -> None:
        self.path = checkpoint
        self.a, self.b, self.step = 0.0, 0.0, 0
        if checkpoint.exists():
            self.a, self.b, self.step = json.loads(checkpoint.read_text())

    def save(self) -> None:
        """Whole or not at all: a crash in the middle leaves the old one."""
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps([self.a, self.b, self.step]))
        draft.replace(self.path)

    def learn(self, rate: float = 0.01) -> float:
        """One step of gradient descent; the loss before it."""
        errors = [(x, self.a * x + self.b - y) for x, y in DATA]
        self.a -= rate * sum(2 * error * x for x, error in errors) / len(DATA)
        self.b -= rate * sum(2 * error for _, error in errors) / len(DATA)
        self.step += 1
        return sum(error**2 for _, error in errors) / len(DATA)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--steps", type=int, default=500)
    options.add_argument("--pause", type=float, default=0.02, help="seconds a step")
    options.add_argument("--save-every", type=int, default=50, help="steps")
    options.add_argument("--at-most", type=int, default=0, help="steps an attempt; 0: no limit")
    wish = options.parse_args()
    told: list[int] = []  # a handler only takes note: the loop stops where its state is whole
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    with whirr.init(name="line", config=vars(wish)) as run:
        training = Training(run.checkpoint_dir / "line.json")
        first = training.step
        print(f"{'goes on' if run.resumed else 'begins'} at step {first}")
        while training.step < wish.steps:
            step = training.step
            run.log({"loss": training.learn()}, step=step)
            enough = wish.at_most and training.step - first >= wish.at_most
            if (told or enough) and training.step < wish.steps:
                training.save()
                print(f"stops before step {training.step}")
                return REQUEUE
            if training.step % wish.save_every == 0:
                training.save()
            time.sleep(wish.pause)
        run.summary({"a": training.a, "b": training.b})
    return 0


sys.exit(main())
