"""`WhirrLogger` for Lightning (`lightning` 2.x, or `pytorch_lightning` under its older name).

    from lightning import Trainer
    from whirr.integrations.lightning import WhirrLogger

    trainer = Trainer(logger=WhirrLogger(name="baseline", tags=["mnist"], log_checkpoints=True))

The interface is that of `lightning.pytorch.loggers.Logger`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import whirr
from whirr.integrations.holding import Holder, quiet, save


def _library() -> str:
    for name in ("lightning.pytorch", "pytorch_lightning"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        return name
    raise ImportError("WhirrLogger needs Lightning: pip install lightning")


_LIBRARY = _library()
_loggers: Any = importlib.import_module(f"{_LIBRARY}.loggers.logger")
_zero: Any = importlib.import_module(f"{_LIBRARY}.utilities.rank_zero").rank_zero_only


class WhirrLogger(_loggers.Logger):  # type: ignore[misc]  # its base is known at run time alone
    """Logs to the active run, or begins one with `options`, which are those of `whirr.init`.

    Only the process of rank zero logs. With `log_checkpoints`, the best and the last checkpoint become artifacts.
    The run ends with the program, with `finish()`, or, failed, with a training that failed.
    """

    def __init__(self, *, log_checkpoints: bool = False, **options: Any) -> None:
        super().__init__()
        self._holder = Holder(options)
        self._log_checkpoints = log_checkpoints
        self._saved: dict[str, float] = {}

    @property
    def name(self) -> str:
        """A part of the path to checkpoints."""
        return "lightning"

    @property
    def version(self) -> str:
        """The run's id; empty on other ranks than zero."""
        return self._holder.run.id if _zero.rank == 0 else ""

    @property
    def save_dir(self) -> str | None:
        """The run's folder for checkpoints, which all attempts of a job share."""
        return str(self._holder.run.checkpoint_dir) if _zero.rank == 0 else None

    @property
    def experiment(self) -> whirr.Run | None:
        """The run, for everything else that can be logged; None on other ranks than zero."""
        return self._holder.run if _zero.rank == 0 else None

    @quiet
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        """They go into the run's config."""
        if _zero.rank == 0:
            self._holder.run.add_config(params)

    @quiet
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """A line of metrics."""
        if _zero.rank == 0:
            self._holder.run.log(metrics, step=step)

    @quiet
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Keep what is new of the best and the last checkpoint."""
        if not self._log_checkpoints or _zero.rank != 0:
            return
        for word in ("best", "last"):
            path = str(getattr(checkpoint_callback, f"{word}_model_path", "") or "")
            changed = Path(path).stat().st_mtime if path and Path(path).exists() else 0.0
            if changed and self._saved.get(word + path) != changed:
                self._saved[word + path] = changed
                save(self._holder.run, path, f"checkpoints/{word}{Path(path).suffix}")

    @quiet
    def finalize(self, status: str) -> None:
        """Called after each fit, validate and test: only a failure ends the run here."""
        if _zero.rank == 0 and status == "failed" and self._holder.has_begun:
            self._holder.finish("failed")

    def finish(self, status: str = "completed") -> None:
        """End the run, if it was begun here."""
        self._holder.finish(status)
