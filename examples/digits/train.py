"""Train a small neural network, written in plain numpy, on scikit-learn's handwritten digits.

whirr submit --name digits -- python examples/digits/train.py --lr 0.01 --seed 1
python examples/digits/train.py            # works without a queue too: a direct run
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

# One thread each, so that two runs side by side do not fight for the processor's cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

import whirr  # noqa: E402

Array = NDArray[np.float32]
Labels = NDArray[np.int64]
LOG_EVERY = 10  # steps


@dataclass(frozen=True)
class Part:
    """Pictures (one row of 64 grey values each) and the digits they show."""

    x: Array
    y: Labels


@dataclass(frozen=True)
class Data:
    """The pictures in three parts: to learn from, to choose the best model by, to judge it by."""

    train: Part
    val: Part
    test: Part


def load(seed: int) -> Data:
    """1,797 digits, shuffled and split 70 / 15 / 15."""
    digits = load_digits()
    x = (digits.data / 16.0).astype(np.float32)
    y = digits.target.astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(y))
    first, second = int(0.7 * len(y)), int(0.85 * len(y))
    parts = np.split(order, [first, second])
    return Data(*(Part(x[rows], y[rows]) for rows in parts))


class Network:
    """Two hidden layers of rectified units; softmax on top; momentum for the descent."""

    def __init__(self, hidden: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sizes = [64, hidden, hidden, 10]
        self.weights: list[Array] = [
            (rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32)
            for a, b in pairwise(sizes)
        ]
        self.biases: list[Array] = [np.zeros(size, np.float32) for size in sizes[1:]]
        self.pushes = [np.zeros_like(part) for part in (*self.weights, *self.biases)]

    def layers(self, x: Array) -> list[Array]:
        """What each layer gives, the input first and the digits' probabilities last."""
        values = [x]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values.append(np.maximum(values[-1] @ weight + bias, 0))
        scores = values[-1] @ self.weights[-1] + self.biases[-1]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        values.append(powers / powers.sum(axis=1, keepdims=True))
        return values

    def step(self, part: Part, lr: float) -> float:
        """One step of gradient descent; returns the loss before it."""
        values = self.layers(part.x)
        rows = np.arange(len(part.y))
        loss = -float(np.log(values[-1][rows, part.y] + 1e-9).mean())
        error = values[-1].copy()
        error[rows, part.y] -= 1
        error /= len(part.y)
        slopes_w: list[Array] = []
        slopes_b: list[Array] = []
        for layer in reversed(range(len(self.weights))):
            slopes_w.insert(0, values[layer].T @ error)
            slopes_b.insert(0, error.sum(axis=0))
            error = (error @ self.weights[layer].T) * (values[layer] > 0)
        self._move([*slopes_w, *slopes_b], lr)
        return loss

    def _move(self, slopes: list[Array], lr: float) -> None:
        for value, push, slope in zip(
            (*self.weights, *self.biases), self.pushes, slopes, strict=True
        ):
            push *= 0.9
            push -= lr * slope
            value += push

    def accuracy(self, part: Part) -> float:
        """The share of pictures that it reads rightly."""
        return float((self.layers(part.x)[-1].argmax(axis=1) == part.y).mean())

    def save(self, path: Path) -> None:
        """Write the model to an .npz file."""
        arrays = {f"w{place}": weight for place, weight in enumerate(self.weights)}
        arrays |= {f"b{place}": bias for place, bias in enumerate(self.biases)}
        np.savez(path, **arrays)  # type: ignore[arg-type, unused-ignore]


def batches(part: Part, size: int, rng: np.random.Generator) -> Iterator[Part]:
    """The pictures in random order, each moved by up to one pixel: every epoch sees new ones."""
    order = rng.permutation(len(part.y))
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        pictures = part.x[rows].reshape(-1, 8, 8)
        down, right = rng.integers(-1, 2, size=2)
        moved = np.roll(pictures, (int(down), int(right)), axis=(1, 2))
        yield Part(moved.reshape(-1, 64), part.y[rows])


def train(run: whirr.Run, options: argparse.Namespace) -> None:
    """Train for all epochs, logging as it goes; the best model by validation is kept."""
    data = load(options.seed)
    network = Network(options.hidden, options.seed)
    rng = np.random.default_rng(options.seed + 1)
    step, best = 0, 0.0
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.npz"
        for epoch in range(1, options.epochs + 1):
            losses = []
            for batch in batches(data.train, options.batch, rng):
                losses.append(network.step(batch, options.lr))
                step += 1
                if step % LOG_EVERY == 0:
                    run.log({"train/loss": float(np.mean(losses[-LOG_EVERY:]))}, step=step)
            val, test = network.accuracy(data.val), network.accuracy(data.test)
            run.log({"val/accuracy": val, "test/accuracy": test, "epoch": epoch}, step=step)
            if val >= best:
                best = val
                network.save(model)
                run.summary({"test_accuracy": test, "val_accuracy": val, "best_epoch": epoch})
            if epoch % 5 == 0 or epoch in (1, options.epochs):
                loss = float(np.mean(losses))
                print(
                    f"epoch {epoch:3d}/{options.epochs}  loss {loss:.4f}  "
                    f"val {val:.4f}  test {test:.4f}",
                    flush=True,
                )
        run.save_artifact(str(model), "model.npz")
    print(f"done: best validation accuracy {best:.4f}", flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--lr", type=float, default=0.01, help="learning rate")
    parser.add_argument(
        "--seed", type=int, default=1, help="chooses the split and the first weights"
    )
    parser.add_argument("--hidden", type=int, default=512, help="units in each hidden layer")
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--batch", type=int, default=32, help="pictures a step")
    options = parser.parse_args()
    if options.lr <= 0 or min(options.hidden, options.epochs, options.batch) < 1:
        parser.error("--lr, --hidden, --epochs and --batch must be positive")
    return options


def main() -> None:
    """Make a run, train, and finish it: completed, or failed on an exception."""
    options = arguments()
    name = f"digits lr={options.lr:g} seed={options.seed}"
    with whirr.init(name=name, config=vars(options), tags=["digits"]) as run:
        print(f"{name}: {options.epochs} epochs, {options.hidden} hidden units", flush=True)
        train(run, options)


if __name__ == "__main__":
    main()
