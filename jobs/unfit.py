"""Why a worker could never run a job, in words. That it could not is for `matching` to say."""

from dataclasses import dataclass
from typing import Any

from jobs import matching
from jobs.models import Requirement, Worker
from jobs.models.requirement import COMMAND
from jobs.phrases import memory, plural, some


@dataclass(frozen=True, slots=True)
class Lack:
    """`text` stands alone, `short` after the worker's name."""

    text: str
    short: str


def wish(need: Requirement, count: int | None = None) -> str:
    """What the job asks of the hardware: `2 GPUs with 40 GiB`, `a free slot`."""
    count = need.gpus if count is None else count
    if count == 0:
        return "a CPU slot"
    if count is None and not need.wants_gpu:
        return "a free slot"
    model = f" named {need.gpu_model}" if need.gpu_model else ""
    each = f" with {memory(need.min_memory_mb)}" if need.min_memory_mb else ""
    return plural(count or 1, "GPU") + model + each


def why(need: Requirement, worker: Worker) -> Lack:
    """The first thing that is missing; tags, kind and project before the hardware."""
    return _not_admitted(need, worker) or _too_small(need, worker)


def _not_admitted(need: Requirement, worker: Worker) -> Lack | None:
    missing = sorted(set(need.tags) - worker.carries)
    if missing:
        noun = "tag" if len(missing) == 1 else "tags"
        told = f"lacks {noun} {some(missing, most=5)}"
        return Lack(told, told)
    kinds = worker.kinds or [COMMAND]
    if need.kind not in kinds:
        return Lack(f"runs kind {some(kinds, most=5)} only", f"does not run kind {need.kind}")
    if not matching.admits(need, worker):
        noun = "project" if len(worker.projects) == 1 else "projects"
        told = f"serves {noun} {some(worker.projects, most=5)} only"
        return Lack(told, "serves other projects")
    return None


def _too_small(need: Requirement, worker: Worker) -> Lack:
    if not need.gpus and not need.wants_gpu:
        told = "has GPUs alone, and no CPU slot" if worker.gpus else "has no slot for jobs"
        return Lack(told, "has no CPU slot")
    if not worker.gpus:
        return Lack("has no GPU", "has no GPU")
    named = _with_model(need, worker.gpus)
    if not named:
        names = some(sorted({str(gpu.get("name") or "GPU") for gpu in worker.gpus}), most=3)
        return Lack(f"no GPU named {need.gpu_model}, but {names}", f"has no {need.gpu_model}")
    serving = matching.gpus_for(need, worker, matching.everything(worker).gpus)
    count = need.gpus or 1
    if len(named) < count and len(serving) == len(named):
        return Lack(f"has {plural(len(named), 'GPU')}, {count} needed", "is too small")
    return Lack(_memory_words(need, named, len(serving), count), "is too small")


def _memory_words(need: Requirement, named: list[dict[str, Any]], serving: int, count: int) -> str:
    wanted = memory(need.min_memory_mb)
    if serving:
        return f"only {serving} of {plural(len(named), 'GPU')} has {wanted}, {count} needed"
    sizes = sorted({memory(gpu.get("memory_mb") or 0) for gpu in named})
    if len(sizes) == 1:
        has = f"GPU has {sizes[0]}" if len(named) == 1 else f"GPUs have {sizes[0]} each"
    else:
        has = f"largest GPU has {memory(max(gpu.get('memory_mb') or 0 for gpu in named))}"
    return f"{has}, {wanted} needed"


def _with_model(need: Requirement, gpus: list[dict[str, Any]]) -> list[dict[str, Any]]:
    model = need.gpu_model.casefold()
    return [gpu for gpu in gpus if model in str(gpu.get("name", "")).casefold()]
