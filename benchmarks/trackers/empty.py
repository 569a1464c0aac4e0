"""A run with nothing in it, in a git repository: everything that each library captures by default."""

import subprocess
from contextlib import ExitStack, suppress

from benchmarks import serving
from benchmarks.measuring import Report, timed
from benchmarks.trackers import rounds
from benchmarks.trackers.peers import CLIENTS, Broken, Contestant
from benchmarks.trackers.rounds import Facts


def measure(report: Report) -> None:
    """Each has a project of its own, where it has had a run before: first files are made once."""
    times = 2 if report.quick else 5
    report.section(f"init and finish of an empty run, {times} fresh processes each")
    with ExitStack() as stack:
        folders = {who.name: stack.enter_context(rounds.project()) for who in CLIENTS}

        def ask(who: Contestant) -> Facts:
            return who.ask("empty", folder=folders[who.name])

        for who in CLIENTS:
            with suppress(Broken):  # the first round will say so
                who.prepare(folders[who.name])
                ask(who)
        found = rounds.taken(report, CLIENTS, times, ask)
        here = folders[CLIENTS[0].name]
        argv, settings = ["git", "version"], serving.environment()

        def start_git() -> None:
            subprocess.run(argv, cwd=here, env=settings, stdout=subprocess.DEVNULL, check=True)

        limit = rounds.medians([{"seconds": timed(start_git)} for _ in range(5)])
    for name, facts in found.items():
        row = {"init_ms": facts["init"] * 1e3, "init_and_finish_ms": facts["whole"] * 1e3}
        report.add(name, **row, **rounds.ratio(found, name, "whole", to=CLIENTS[0].name))
    report.add("raw limit: starting git once", init_and_finish_ms=limit["seconds"] * 1e3)
