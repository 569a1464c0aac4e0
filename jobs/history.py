"""How long jobs took lately: the ground that estimates stand on."""

from collections import defaultdict
from datetime import datetime
from statistics import median

from jobs.models import Attempt, Requirement
from jobs.phrases import plural, span
from jobs.states import AttemptStatus

LOOKED_AT = 200  # of the attempts that succeeded, the newest


class History:
    """Run times in seconds: for the same needs, else for the same project, else for all."""

    def __init__(self, rows: list[tuple[int, str, datetime, datetime | None]]) -> None:
        by_need: dict[int, list[float]] = defaultdict(list)
        by_project: dict[str, list[float]] = defaultdict(list)
        every: list[float] = []
        for need, project, start, end in rows:
            if end is None:
                continue
            for times in (by_need[need], by_project[project], every):
                times.append(max(0.0, (end - start).total_seconds()))
        self._need, self._project, self._every = by_need, by_project, every
        self._medians: dict[int, float | None] = {}

    def __bool__(self) -> bool:
        return bool(self._every)

    @classmethod
    def read(cls) -> "History":
        """One query."""
        ended = Attempt.objects.filter(status=AttemptStatus.SUCCEEDED).order_by("-id")
        rows = ended.values_list("job__requirement_id", "job__project", "started_at", "finished_at")
        return cls(list(rows[:LOOKED_AT]))

    def typical(self, need: Requirement, limit: int | None = None) -> float | None:
        """The median, at most the job's time limit; None where nothing ever succeeded."""
        if need.pk not in self._medians:
            times = self._times(need)[0]
            self._medians[need.pk] = median(times) if times else None
        found = self._medians[need.pk]
        if found is None or limit is None:
            return found
        return min(found, float(limit))

    def basis(self, need: Requirement) -> str:
        """In words: `runs with the same needs took 12 min (median of 14)`."""
        times, whose = self._times(need)
        if not times:
            return "no history yet"
        return f"{whose} took {span(median(times))} (median of {plural(len(times), 'run')})"

    def _times(self, need: Requirement) -> tuple[list[float], str]:
        if times := self._need.get(need.pk):
            return times, "jobs with the same needs"
        if need.project and (times := self._project.get(need.project)):
            return times, "jobs of the same project"
        return self._every, "all jobs"
