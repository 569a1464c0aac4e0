"""What a run ran in and on, as far as it can be a column: its commit, its Python, some packages, its model of GPU.

From the documents of its newest attempt, kept in the run's row (`Run.facts`), so that a table of ten thousand runs
reads no files. Only the packages in PACKAGES are kept: an environment has hundreds, and a row is read with every page.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from runs import storable
from runs.models import Run
from runs.parsing import decode

# Those whose versions people compare; by their names as PEP 503 writes them.
PACKAGES = (
    *("torch", "torchvision", "torchaudio", "triton", "lightning", "pytorch-lightning"),
    *("tensorflow", "keras", "jax", "jaxlib", "flax", "optax"),
    *("numpy", "scipy", "pandas", "scikit-learn", "xgboost", "lightgbm", "catboost"),
    *("transformers", "tokenizers", "datasets", "accelerate", "peft", "trl", "diffusers"),
    *("safetensors", "sentence-transformers", "timm", "vllm"),
    *("deepspeed", "flash-attn", "xformers", "bitsandbytes"),
    *("torch-geometric", "monai", "gymnasium", "stable-baselines3", "ray", "hydra-core", "whirr"),
)
CODE = ("commit", "branch", "dirty", "python")
PACKAGE = "package."
NAMES = (*CODE, "gpu", *(f"{PACKAGE}{each}" for each in PACKAGES))
ATTEMPT = "attempt"  # beside the facts: whose they are

# Documents, and what the keys begin with that each of them fills.
OF_DOCUMENT: dict[str, tuple[str, ...]] = {
    "meta.json": ("python",),
    "git.json": ("commit", "branch", "dirty"),
    "requirements.txt": ("package/",),
}
LONGEST = {"commit": 100, "branch": 255, "python": 60, "gpu": 255}
LONGEST_VERSION = 60
LINES = 5000  # of requirements.txt
PINNED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*([^\s;#]+)")


def key_of(name: str) -> str:
    """Where a fact stands in `Run.facts`: a key without dots, which databases find as it is written."""
    return name.replace(".", "/", 1)


def of_run(run: Run, name: str) -> str | bool | None:
    """A fact by its name in filters and columns; None where nobody knows it."""
    value = run.facts.get(key_of(name)) if isinstance(run.facts, dict) else None
    return value if isinstance(value, (str, bool)) and value != "" else None


def at_start(attempt: int, models: Iterable[object]) -> dict[str, Any]:
    """What is known as an attempt begins: the models of the GPUs that it was given. All else is yet to be told."""
    names = dict.fromkeys(each for each in models if isinstance(each, str) and each)
    gpu = _short("gpu", ", ".join(names))
    return {ATTEMPT: attempt} | ({"gpu": gpu} if gpu else {})


def with_document(before: dict[str, Any], name: str, data: bytes) -> dict[str, Any]:
    """The facts once this document has come: all that the one before it said is forgotten."""
    kept = {key: value for key, value in before.items() if not key.startswith(OF_DOCUMENT[name])}
    return kept | _readers[name](data)


def _of_meta(data: bytes) -> dict[str, Any]:
    return _texts(decode(data) or {}, "python")


def _of_git(data: bytes) -> dict[str, Any]:
    told = decode(data) or {}
    found = _texts(told, "commit", "branch")
    if "commit" not in found:
        return {}
    dirty = told.get("dirty")
    return found | ({"dirty": dirty} if isinstance(dirty, bool) else {})


def _of_requirements(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in data.decode("utf-8", "replace").splitlines()[:LINES]:
        match = PINNED.match(line)
        name = re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""
        if match and name in PACKAGES:
            found.setdefault(f"package/{name}", storable.text(match[2])[:LONGEST_VERSION])
    return found


def _texts(told: dict[str, Any], *names: str) -> dict[str, Any]:
    found = {name: _short(name, told.get(name)) for name in names}
    return {name: text for name, text in found.items() if text}


def _short(name: str, told: object) -> str:
    return storable.text(told)[: LONGEST[name]] if isinstance(told, str) else ""


_readers: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "meta.json": _of_meta,
    "git.json": _of_git,
    "requirements.txt": _of_requirements,
}
