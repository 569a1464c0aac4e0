"""whirr: a GPU job queue and an experiment tracker.

    import whirr

    with whirr.init(name="first run", config={"lr": 0.01}) as run:
        run.log({"loss": 0.5})

The library is loaded on first use, so that `import whirr.wire` (the agent, the command line)
stays small.
"""

from __future__ import annotations

TYPE_CHECKING = False  # checkers take it for true; `typing` would cost an agent two megabytes
if TYPE_CHECKING:
    from whirr._active import get_active_run, init
    from whirr._run import Run

__version__ = "1.0.0.dev0"
__all__ = ["Run", "__version__", "get_active_run", "init"]

_HOMES = {"init": "whirr._active", "get_active_run": "whirr._active", "Run": "whirr._run"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'whirr' has no attribute {name!r}")
    # `__import__` and not importlib: importlib.util alone would double what `import whirr` costs.
    value: object = getattr(__import__(_HOMES[name], fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
