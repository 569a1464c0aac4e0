"""What a metric's name tells about it."""

from runs.storage import SYSTEM

TELLING = ("loss", "acc", "score", "reward")
CLOCKS = {
    "epoch",
    "step",
    "iteration",
    "lr",
    "learning_rate",
}  # they say how far a run is, not how well it does


def telling(key: str) -> tuple[int, str]:
    """A sort key: losses and scores first, they say how a run does; what only counts comes last."""
    name = key.rsplit("/", 1)[-1].lower()
    if name in CLOCKS:
        return len(TELLING) + 1, key
    return next((at for at, word in enumerate(TELLING) if word in name), len(TELLING)), key


def is_system(key: str) -> bool:
    """Whether an agent measured it, and no script logged it."""
    return key.startswith(SYSTEM)


def prefix(key: str) -> str:
    """What stands before the first slash; "" where there is none."""
    head, slash, _ = key.partition("/")
    return head if slash else ""
