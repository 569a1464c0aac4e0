"""`WhirrCallback` for the Trainer of Hugging Face's transformers.

    from transformers import Trainer, TrainingArguments
    from whirr.integrations.transformers import WhirrCallback

    trainer = Trainer(model, TrainingArguments(report_to="none"), callbacks=[WhirrCallback()], ...)

`report_to` knows the trackers that transformers itself comes with; a callback of one's own is given as an object.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from whirr.integrations.holding import Holder, grouped, quiet, save

try:
    _library: Any = importlib.import_module("transformers.trainer_callback")
except ImportError as error:
    raise ImportError("this WhirrCallback needs transformers: pip install transformers") from error

GROUPS = {"train_": "train/", "eval_": "eval/", "test_": "test/", "predict_": "predict/"}


class WhirrCallback(_library.TrainerCallback):  # type: ignore[misc]  # its base is known at run time alone
    """Logs to the active run, or begins one with `options`, which are those of `whirr.init`.

    Only the world's process zero logs. With `save_checkpoints`, each checkpoint becomes an artifact. The run ends with
    the program, or with `finish()`: `evaluate` and `predict` after `train` belong to it.
    """

    def __init__(self, *, save_checkpoints: bool = False, **options: Any) -> None:
        super().__init__()
        self._options = options
        self._holder: Holder | None = None
        self._save_checkpoints = save_checkpoints

    @quiet
    def setup(self, args: Any, state: Any, model: Any) -> None:
        """Join or begin the run, and note arguments and the model's config."""
        if not state.is_world_process_zero or self._holder is not None:
            return
        named = {"name": getattr(args, "run_name", None)} | self._options
        self._holder = Holder(named)
        config = dict(args.to_sanitized_dict())
        described: Any = getattr(model, "config", None)
        if hasattr(described, "to_dict"):
            config["model"] = described.to_dict()
        self._holder.run.add_config(config)

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """See `setup`."""
        self.setup(args, state, model)

    @quiet
    def on_log(
        self,
        args: Any,
        state: Any,
        control: Any,
        model: Any = None,
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """`eval_loss` becomes `eval/loss`, `loss` becomes `train/loss`; texts are no metrics."""
        self.setup(args, state, model)
        if self._holder is None or not logs or not state.is_world_process_zero:
            return
        numbers = {key: value for key, value in logs.items() if not isinstance(value, str)}
        self._holder.run.log(grouped(numbers, GROUPS, "train/"), step=state.global_step)

    @quiet
    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep the checkpoint that was just written."""
        if self._save_checkpoints and self._holder is not None and state.is_world_process_zero:
            name = f"checkpoint-{state.global_step}"
            save(self._holder.run, f"{args.output_dir}/{name}", f"checkpoints/{name}")

    @quiet
    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The best of it goes into the summary."""
        if self._holder is None or not state.is_world_process_zero:
            return
        told = {
            "best_metric": state.best_metric,
            "best_model_checkpoint": state.best_model_checkpoint,
            "global_step": state.global_step,
        }
        known = {key: value for key, value in told.items() if value is not None}
        self._holder.run.summary(known)

    def finish(self, status: str = "completed") -> None:
        """End the run, if it was begun here."""
        if self._holder is not None:
            self._holder.finish(status)
