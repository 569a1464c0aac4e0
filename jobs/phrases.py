"""How numbers read in the queue's own sentences."""


def plural(count: int, noun: str) -> str:
    """`1 job`, `3 jobs`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def memory(megabytes: float) -> str:
    """Memory of a GPU or a node, given in MiB."""
    return f"{megabytes / 1024:.3g} GiB" if megabytes >= 1024 else f"{megabytes:.0f} MiB"


def span(seconds: float) -> str:
    """How long, in the largest unit that fits: `40 s`, `5 min`, `2 h`, `3 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def gpu_time(gpu_seconds: float) -> str:
    """Use of GPUs: `61 GPU-h`, `12 GPU-min`."""
    if gpu_seconds >= 3600:
        return f"{gpu_seconds / 3600:.3g} GPU-h"
    return f"{round(gpu_seconds / 60)} GPU-min"


def some(parts: list[str], *, most: int, sep: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = len(parts) - most
    return sep.join(parts[:most]) + (f" and {more} more" if more > 0 else "")
