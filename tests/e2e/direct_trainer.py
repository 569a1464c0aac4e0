"""A training without the queue: logs until a file appears. `direct_trainer.py ENOUGH [RUN]`, RUN to go on with.

It says the run's id, then the number of each line once `log` has returned, and how long `finish` took.
"""

import math
import sys
import time
from pathlib import Path

import whirr


def main(enough: Path, resume: str | None) -> None:
    run = whirr.init(name="direct", config={"lr": 0.1}, resume=resume, system_metrics=False)
    say(run.id)
    step = len((run.dir / "metrics.jsonl").read_bytes().splitlines())
    while not enough.exists():
        loss = (math.nan, math.inf, 1 / (step + 1))[min(step % 50, 2)]
        run.log({"loss": loss, "twice": 2 * step}, step=step)
        say(str(step))
        if step % 20 == 0:
            run.log_text("note", f"at step {step}", step=step)
        step += 1
        time.sleep(0.01)
    (run.dir / "artifacts" / "model").write_bytes(b"w" * 2_500_000)
    run.summary({"steps": step})
    began = time.monotonic()
    run.finish()
    say(f"finished {time.monotonic() - began:.3f}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
