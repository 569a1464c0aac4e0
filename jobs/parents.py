"""What a new job waits for, as people name it: a job, or every member of an array."""

from collections.abc import Iterable
from dataclasses import dataclass

from jobs.errors import Invalid
from jobs.models import Job
from jobs.states import After


@dataclass(frozen=True, slots=True)
class Parent:
    """The number of a job, or of an array, and how it has to end."""

    number: int
    kind: After = After.OK
    is_array: bool = False


def expand(parents: Iterable[Parent]) -> list[tuple[int, After]]:
    """Jobs in place of arrays; said twice is said once. Raises Invalid for an array that is none."""
    found: dict[tuple[int, After], None] = {}
    for parent in parents:
        numbers = members(parent.number) if parent.is_array else [parent.number]
        if not numbers:
            problem = f"no array A{parent.number}"
            raise Invalid(f"after: there is {problem}", fields={"after": [problem]})
        found |= {(number, parent.kind): None for number in numbers}
    return list(found)


def members(array: int) -> list[int]:
    """A job for each index of the array: of one that was retried, the newest."""
    jobs = Job.objects.filter(array=array).order_by("pk")
    return sorted(dict(jobs.values_list("array_index", "pk")).values())
