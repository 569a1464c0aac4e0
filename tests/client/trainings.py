"""A small training with each library, all in one process: `python trainings.py FOLDER`."""

import os
import sys
from pathlib import Path
from typing import Any

os.environ.update(KERAS_BACKEND="torch", HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="")

import torch  # type: ignore[import-not-found]

QUIET = {"capture_git": False, "capture_pip": False, "system_metrics": False}


def with_keras() -> Any:
    import keras  # type: ignore[import-not-found]

    from whirr.integrations.keras import WhirrCallback

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    inputs = torch.rand(64, 4).numpy()
    callback = WhirrCallback(name="by keras", every_batches=2, **QUIET)
    more = {"batch_size": 16, "callbacks": [callback], "verbose": 0}
    model.fit(inputs, inputs.sum(1), epochs=2, validation_split=0.25, **more)
    model.evaluate(inputs, inputs.sum(1), **more)
    return callback


def with_lightning() -> Any:
    import lightning  # type: ignore[import-not-found]

    from whirr.integrations.lightning import WhirrLogger

    class Model(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self, lr: float = 0.1) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(4, 1)

        def step(self, batch: Any, word: str) -> Any:
            loss = (self.layer(batch[0]).squeeze() - batch[1]).square().mean()
            self.log(f"{word}/loss", loss)
            return loss

        def training_step(self, batch: Any, number: int) -> Any:
            return self.step(batch, "train")

        def validation_step(self, batch: Any, number: int) -> None:
            self.step(batch, "val")

        def test_step(self, batch: Any, number: int) -> None:
            self.step(batch, "test")

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    inputs = torch.rand(64, 4)
    data = torch.utils.data.TensorDataset(inputs, inputs.sum(1))
    batches = torch.utils.data.DataLoader(data, batch_size=8)
    logger = WhirrLogger(name="by lightning", log_checkpoints=True, **QUIET)
    more = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(max_epochs=2, logger=logger, log_every_n_steps=2, **more)
    model = Model()
    trainer.fit(model, batches, batches)
    trainer.test(model, batches, verbose=False)
    return logger


def with_transformers() -> Any:
    from transformers import (  # type: ignore[import-not-found]
        BertConfig,
        BertForSequenceClassification,
        Trainer,
        TrainingArguments,
    )

    from whirr.integrations.transformers import WhirrCallback

    small = dict.fromkeys(("hidden_size", "intermediate_size"), 16)
    small |= {"vocab_size": 50, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = BertForSequenceClassification(BertConfig(**small))
    data = [
        {"input_ids": torch.randint(0, 50, (8,)), "labels": torch.tensor(n % 2)} for n in range(16)
    ]
    arguments = TrainingArguments(
        "out",
        report_to="none",
        run_name="by transformers",
        num_train_epochs=2,
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="epoch",
        use_cpu=True,
        disable_tqdm=True,
    )
    callback = WhirrCallback(save_checkpoints=True, **QUIET)
    trainer = Trainer(model, arguments, train_dataset=data, eval_dataset=data, callbacks=[callback])
    trainer.train()
    trainer.evaluate()
    return callback


if __name__ == "__main__":
    torch.manual_seed(0)
    for name in ("keras", "lightning", "transformers"):
        folder = Path(sys.argv[1]) / name
        folder.mkdir()
        os.chdir(folder)
        (folder / ".whirr").mkdir()
        globals()[f"with_{name}"]().finish()
