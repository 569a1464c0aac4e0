"""The queue against a model of its contract, in plain Python: random histories, every state predicted.

`HYPOTHESIS_PROFILE=soak` tries longer ones, other ones each time, until `SOAK_EXAMPLES` are through. `NOSHRINK=1` shows
the first history that fails as it was found, without the minutes that shortening it takes.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.jobs.modelling.machine import QueueMachine
from tests.support import environment

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
HURRY = os.environ.get("NOSHRINK") == "1"
SLOWER = environment.database_kind() == "postgres"  # three times: each step is many round trips
EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "2000")) if SOAK else (20 if SLOWER else 40)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(0 if SOAK else 600)]


def expect_the_contract_to_hold(machine: type[QueueMachine]) -> None:
    """Raises, with the shortest history that it finds, where the queue leaves the contract."""
    told = settings(
        max_examples=EXAMPLES,
        stateful_step_count=80 if SOAK else 40,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        phases=[Phase.generate] if HURRY else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(machine, settings=told)


def test_whatever_happens_the_queue_does_what_its_contract_says() -> None:
    """Submit, claim, renew, lose, end, cancel, retry, hold, drain, delete, restart: in any order."""
    expect_the_contract_to_hold(QueueMachine)
