"""Many agents at once on SQLite: nobody hears of a locked database, and each job runs once."""

from tests.e2e.programs import Site
from tests.support.fleet import Plan, campaign


def test_sixty_agents_on_sqlite_never_hear_of_a_lock_and_run_each_job_once(site: Site) -> None:
    """The short form of `make soak`."""
    plan = Plan(jobs=400, light=60, cancels=30, spread=8.0, lease=60, probes=2, lines=1)

    found = campaign(site, plan)

    assert not found.problems, "\n".join(found.problems[:50])
    assert not found.tally.locked
    assert not found.tally.unexpected, found.tally.unexpected
    assert "database is locked" not in site.web.said()
    assert found.attempts.total() <= 402, (
        "a job was given to a second agent although none was silent"
    )
    assert found.ends["completed"] + found.ends["cancelled"] == 402
