"""The page of workers stays small however many machines there are."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import nodes
from dashboard.night import sparks
from jobs import sampling
from jobs.models import LoadSample
from tests.jobs.factories import NOON, make_worker

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_other_machines_are_on_other_pages_and_none_of_their_samples_is_read(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "PAGE_SIZE", 2)
    read: list[list[int]] = []
    history = sampling.history

    def counted(workers: Iterable[int], **when: Any) -> dict[int, list[LoadSample]]:
        read.append(list(workers))
        return history(read[-1], **when)

    monkeypatch.setattr(sampling, "history", counted)
    made = [make_worker(f"gpu-{letter}", version="0.0.1", now=timezone.now()) for letter in "abc"]

    first = browser.get("/workers/").content.decode()
    second = browser.get("/workers/?page=2", headers={"HX-Request": "true"}).content.decode()

    assert [f'aria-label="{each.worker_id}"' in first for each in made] == [True, True, False]
    assert [f'aria-label="{each.worker_id}"' in second for each in made] == [False, False, True]
    assert "1\N{EN DASH}2 of 3" in first
    assert 'hx-get="/workers/?page=1"' in first
    assert "3 agents are not of this server's version" in second
    assert read == [[made[0].pk, made[1].pk], [made[2].pk]]


def test_samples_are_gone_through_once_for_all_gpus() -> None:
    looked: list[int] = []

    class Row(dict[str, Any]):
        def get(self, name: str, default: Any = None) -> Any:
            if name == "index":
                looked.append(self["index"])
            return super().get(name, default)

    rows = [Row(index=index, use=index / 10) for index in range(8)]
    samples = [LoadSample(minute=NOON + each * MINUTE, data={"gpus": rows}) for each in range(60)]

    past = sparks.past(samples)
    drawn = [sparks.of_gpu(past, index, now=NOON + timedelta(hours=1)).use for index in range(8)]

    assert len(looked) == 8 * 60
    assert [each.told for each in drawn if each] == [f"{10 * n} to {10 * n} %" for n in range(8)]
