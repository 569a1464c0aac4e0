"""What each of the thirty runs is: a small sweep, networks of two sizes over some seeds, and what goes wrong at night.

Pure: no clock, no database; the same numbers every time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jobs.finishing import Outcome

SWEEP = 12
GPUS = 4
PICTURES = (60, 150, 230)  # steps

OUT_OF_MEMORY = """Traceback (most recent call last):
  File "/home/demo/vision/train.py", line 118, in <module>
    loss.backward()
  File "/opt/torch/_tensor.py", line 581, in backward
    torch.autograd.backward(self, gradient, retain_graph, create_graph)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {size} GiB. GPU 0 has 79.3 GiB, of which 1.1 GiB is free
"""
NO_FILE = """Traceback (most recent call last):
  File "/home/demo/vision/train.py", line 31, in main
    data = load(args.data)
FileNotFoundError: [Errno 2] No such file or directory: '/data/imagenet-21k/index.json'
"""
DIVERGED = """Traceback (most recent call last):
  File "/home/demo/vision/train.py", line 131, in main
    raise FloatingPointError("loss is NaN")
FloatingPointError: loss is NaN
"""


@dataclass(frozen=True, slots=True)
class Story:
    """One run. Times in minutes before now; `lr` shapes its curves; `breaks_at` is the step of its first NaN."""

    name: str
    config: dict[str, Any]
    tags: list[str]
    gpu: int
    start: float
    minutes: float
    lr: float
    steps: int = 240
    outcome: Outcome = Outcome.EXITED
    exit_code: int | None = 0
    trace: str = ""
    breaks_at: int | None = None
    lost_first: bool = False  # its first attempt was lost with its worker
    cancelled: bool = False
    timeout: int | None = None
    pictures: bool = False
    notes: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    waited: float = 2.0

    @property
    def shown(self) -> tuple[int, ...]:
        """The steps of its pictures."""
        return PICTURES if self.pictures else ()


def sweep() -> list[Story]:
    """The members of one array: learning rates by widths. One diverges, two need more memory than there is."""
    grid = [(lr, width) for width in (256, 512, 1024, 2048) for lr in (0.1, 0.03, 0.01)]
    return [_member(index, lr, width) for index, (lr, width) in enumerate(grid)]


def _member(index: int, lr: float, width: int) -> Story:
    broken = width == 2048 and lr > 0.02
    diverged = width == 1024 and lr == 0.1
    trace = OUT_OF_MEMORY.format(size=2.5 if lr == 0.1 else 4.25) if broken else ""
    return Story(
        name="mlp-sweep",
        config={"lr": lr, "width": width, "dataset": "digits", "optimizer": "adamw"},
        tags=["sweep"],
        gpu=index % GPUS,
        start=640 - 34 * (index // GPUS) - 3 * (index % GPUS),
        minutes=2 if broken else 24 + index % 5,
        lr=lr,
        steps=30 if broken else 240,
        exit_code=1 if trace or diverged else 0,
        trace=DIVERGED if diverged else trace,
        breaks_at=130 if diverged else None,
        summary={} if trace or diverged else {"test_acc": _accuracy(lr, width)},
        waited=1 + 30 * (index // GPUS),
    )


def _accuracy(lr: float, width: int) -> float:
    return round(0.9 + 0.04 * (width >= 512) + 0.03 * (lr == 0.03) - 0.02 * (lr == 0.1), 3)


def singles() -> Iterator[Story]:
    """Everything else, the oldest first."""
    for seed in range(6):
        yield Story(
            name=f"vit-small seed {seed}",
            config={"model": "vit-small", "lr": 0.001, "depth": 12, "seed": seed},
            tags=["vit", "baseline"],
            gpu=seed % GPUS,
            start=520 - 80 * (seed // GPUS) - 6 * (seed % GPUS),
            minutes=66 + 3 * seed,
            lr=0.05 + 0.002 * seed,
            pictures=seed < 3,
            notes=BASELINE if seed == 0 else "",
            summary={"val_acc": round(0.912 + seed / 1000, 4), "params_m": 22.1},
            lost_first=seed == 3,
        )
    for seed in range(5):
        large = {"model": "vit-base", "lr": 0.0005, "depth": 16, "seed": seed}
        broken = seed == 4
        yield Story(
            name=f"vit-base seed {seed}",
            config=large,
            tags=["vit"],
            gpu=seed % GPUS,
            start=345 - 95 * (seed // GPUS) - 5 * (seed % GPUS),
            minutes=3 if broken else 88 + 2 * seed,
            lr=0.08,
            steps=20 if broken else 240,
            exit_code=1 if broken else 0,
            trace=OUT_OF_MEMORY.format(size=6.0) if broken else "",
            summary={} if broken else {"val_acc": round(0.931 + seed / 1000, 4), "params_m": 86.4},
            waited=12.0,
        )
    yield from _odds_and_ends()


def _odds_and_ends() -> Iterator[Story]:
    for index, vocabulary in enumerate((8000, 32000, 128000)):
        yield Story(
            name=f"tokenizer {vocabulary // 1000}k",
            config={"vocab": vocabulary, "corpus": "wiki"},
            tags=["tokenizer"],
            gpu=index,
            start=170 - 14 * index,
            minutes=12,
            lr=0.03,
            steps=90,
            summary={"bytes_per_token": round(3.6 + index / 3, 2)},
        )
    odd = {"model": "vit-small", "lr": 0.002}
    yield Story(
        "finetune 21k", odd | {"data": "imagenet-21k"}, ["vit"], 3, 150, 1, 0.1,
        steps=0, exit_code=1, trace=NO_FILE,
    )  # fmt: skip
    yield Story(
        "long schedule", odd | {"epochs": 300}, ["vit"], 0, 120, 60, 0.02,
        outcome=Outcome.TIMED_OUT, exit_code=None, timeout=3600,
    )  # fmt: skip
    yield Story(
        "wrong folder", odd | {"epochs": 5}, ["vit"], 1, 110, 9, 0.02, steps=60,
        outcome=Outcome.CANCELLED, exit_code=None, cancelled=True,
    )  # fmt: skip
    yield Story(
        "vit-small half precision", odd | {"dtype": "bf16"}, ["vit", "bf16"], 2, 100, 58, 0.07,
        summary={"val_acc": 0.909},
    )  # fmt: skip


BASELINE = """## Baseline

Six seeds of the same network, to know how much **chance** alone moves `val/acc`.

- seed 3 lost its worker after a quarter and went on from its checkpoint
- compare with the group `vit-base`
"""
