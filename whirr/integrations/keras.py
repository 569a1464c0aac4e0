"""`WhirrCallback` for Keras 3, and for the Keras of TensorFlow 2.

from whirr.integrations.keras import WhirrCallback

model.fit(x, y, epochs=10, callbacks=[WhirrCallback(name="baseline", every_batches=100)])
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from whirr.integrations.holding import Holder, grouped, quiet


def _library() -> Any:
    for name in ("keras", "tensorflow.keras"):
        try:
            return importlib.import_module(f"{name}.callbacks")
        except ImportError:
            continue
    raise ImportError("this WhirrCallback needs Keras: pip install keras, and one of its backends")


_callbacks: Any = _library()


class WhirrCallback(_callbacks.Callback):  # type: ignore[misc]  # its base is known at run time alone
    """Logs to the active run, or begins one with `options`, which are those of `whirr.init`.

    Each epoch is a step: `loss`, `val/loss`, `learning_rate`. With `every_batches`, so many batches apart also
    `batch/loss`, whose step counts batches. The run ends with the program, or with `finish()`.
    """

    def __init__(self, *, every_batches: int = 0, **options: Any) -> None:
        super().__init__()
        self._holder = Holder(options)
        self._every = every_batches
        self._batches = 0
        self._training = False

    @quiet
    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Note the optimizer's settings and how long it shall take."""
        self._training = True
        config: dict[str, Any] = {"fit": dict(self.params or {})}
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            config["optimizer"] = optimizer.get_config()
        self._holder.run.add_config(config)

    @quiet
    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Every so many batches, their metrics."""
        self._batches += 1
        if self._every and self._batches % self._every == 0:
            named = {f"batch/{key}": value for key, value in (logs or {}).items()}
            self._holder.run.log(named, step=self._batches)

    @quiet
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """The epoch's metrics."""
        told = grouped(logs or {}, {"val_": "val/"})
        rate = _learning_rate(self.model)
        if rate is not None:
            told.setdefault("learning_rate", rate)
        self._holder.run.log(told, step=epoch)

    @quiet
    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """What `evaluate` found; a validation within `fit` is told with its epoch."""
        if not self._training:
            self._holder.run.log({f"test/{key}": value for key, value in (logs or {}).items()})

    @quiet
    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """What follows is no part of the training."""
        self._training = False

    def finish(self, status: str = "completed") -> None:
        """End the run, if it was begun here."""
        self._holder.finish(status)


def _learning_rate(model: Any) -> float | None:
    """None where the optimizer has none that is a number now."""
    try:
        return float(model.optimizer.learning_rate)
    except (AttributeError, TypeError, ValueError):
        return None
