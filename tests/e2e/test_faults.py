"""A bad network between agents and server: jobs end once, nothing is lost, nothing is doubled, nobody owns too much."""

from tests.e2e.programs import Site
from tests.support.fault_plan import ALL_FAULTS, Fault, by_chance
from tests.support.fleet import Plan, campaign


def test_each_job_ends_once_whatever_the_network_does(site: Site) -> None:
    """Two real agents, and light ones of which one has GPUs and two fall silent for longer than their lease."""
    plan = Plan(
        jobs=60,
        light=4,
        real=2,
        cancels=8,
        spread=6.0,
        with_gpus=1,
        freezing=2,
        lease=3,
        choose=by_chance(20, ALL_FAULTS),
    )

    found = campaign(site, plan)

    assert not found.problems, "\n".join(found.problems)
    assert sum(found.ends.values()) == 60
    assert found.attempts["lost"], "no job was taken from an agent that fell silent"
    assert {*found.faults} == {*Fault}, "the proxy left a kind of fault out"
    assert not found.tally.unexpected, found.tally.unexpected
    assert not found.tally.locked
