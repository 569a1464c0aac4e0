"""Leases run by the database's clock: a server whose own clock is wrong expires nobody's."""

import pytest
from django.utils import timezone
from pytest import MonkeyPatch

from runs import clock
from tests.runs.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def wrong_clock(monkeypatch: MonkeyPatch) -> None:
    """This machine believes that it is noon in 2030."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)


@pytest.mark.postgres
def test_on_postgresql_it_is_the_servers_and_moves_within_a_transaction() -> None:
    first, second = clock.now(), clock.now()
    assert first < second < NOON
    assert first.tzinfo is not None


@pytest.mark.sqlite
def test_on_sqlite_it_is_this_machines() -> None:
    assert clock.now() == NOON
