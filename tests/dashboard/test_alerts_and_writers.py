"""Alerts at the top of a run's page and beside its name; runs of several writers; what was not recorded."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from runs import documents, streams
from runs.models import Run
from tests.dashboard.conftest import NAN, begin, log, run_of
from tests.runs.factories import log as log_lines


@pytest.fixture
def run(browser: Client) -> Run:
    return run_of(begin(name="mine", now=timezone.now()))


def say(run: Run, *records: dict[str, Any], name: str = "events.jsonl") -> None:
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    size = streams.append(run, run.attempt, name, offset=0, data=b"")
    streams.append(run, run.attempt, name, offset=size, data=data)


class TestAlerts:
    def test_they_stand_at_the_top_and_mark_the_run_everywhere(
        self, browser: Client, run: Run
    ) -> None:
        stamp = timezone.now().isoformat()
        told = {"type": "alert", "title": "loss is NaN", "text": "since 7", "_timestamp": stamp}
        say(run, told | {"level": "error", "step": 7}, told | {"title": "slow", "level": "warning"})
        page = browser.get(f"/runs/{run.key}/").content.decode()
        assert page.index("loss is NaN") < page.index("data-board=")
        assert browser.get(f"/runs/{run.key}/alerts").content.decode().count('class="alert ') == 2
        table = browser.get("/runs/").content.decode()
        assert "1 error, 1 warning" in table
        overview = browser.get("/").content.decode()
        assert "<b>2</b> alerts" in overview
        assert "loss is NaN" in overview

    def test_a_run_without_any_has_no_mark(self, browser: Client, run: Run) -> None:
        for path in ("/", "/runs/"):
            assert "alert-mark" not in browser.get(path).content.decode()


def test_what_was_not_recorded_is_said(browser: Client, run: Run) -> None:
    documents.put(run, 1, "meta.json", b'{"dropped": 12, "resumed": 1}')
    log_lines(run, b'{"loss": 1}\nnonsense\n')
    head = browser.get(f"/runs/{run.key}/head").content.decode()
    assert "12 values were not recorded" in head
    assert "1 line of what it logged is not shown, or not wholly." in head
    assert "resumed <b>1</b> time<" in head


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (0, r" started [^,]* for [^,]* "),
        (1, r" first started [^,]*, resumed 1 time for .* with the time between "),
        (2, r" first started [^,]*, resumed 2 times for .* with the time between "),
    ],
)
def test_a_run_that_went_on_does_not_seem_to_run_since_its_first_start(
    browser: Client, run: Run, times: int, said: str
) -> None:
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now(), resumed=times)
    head = browser.get(f"/runs/{run.key}/head").content.decode()
    facts = re.search(r'<p class="facts-line">.*?</p>', head, re.DOTALL)
    assert facts is not None
    words = " ".join(re.sub(r"<[^>]+>", " ", facts[0]).replace(" ,", ",").split()) + " "
    assert re.search(said, words.replace(" ,", ",")), words
    assert words.count("resumed") == (times > 0)


class TestSeveralWriters:
    def write(self, run: Run) -> None:
        for writer, value in (("", 1.0), ("r1", NAN), ("r10", 10.0), ("r2", 2.0)):
            name = f"metrics.{writer}.jsonl" if writer else "metrics.jsonl"
            values = json.dumps({"step": 3, "loss": value})
            log_lines(run, f"{values}\n".encode(), name=name)
        log_lines(run, b'{"cpu": 1}\n', name="system.jsonl")

    def test_the_page_names_them_and_shows_each_ones_numbers(
        self, browser: Client, run: Run
    ) -> None:
        self.write(run)
        page = browser.get(f"/runs/{run.key}/").content.decode()
        assert "<b>4</b> writers: main, r1, r2, r10" in page
        table = browser.get(f"/runs/{run.key}/writers").content.decode()
        places = [table.index(f">{name}</th>") for name in ("main", "r1", "r2", "r10")]
        assert places == sorted(places)
        assert "first at step 3" in table

    def test_a_row_shows_the_main_writers_number(self, browser: Client, run: Run) -> None:
        self.write(run)
        for path in ("/runs/", "/runs/?sort=metric.loss", "/"):
            page = browser.get(path).content.decode()
            assert "NaN" not in page
        table = browser.get("/runs/").content.decode()
        (cell,) = re.findall(r'<td[^>]*data-label="loss".*?</td>', table)
        assert ">1<" in cell

    def test_one_writer_needs_no_table(self, browser: Client) -> None:
        attempt = begin()
        log(attempt, loss=[1.0])
        page = browser.get(f"/runs/job-{attempt.job_id}/").content.decode()
        assert "Metrics by writer" not in page
        assert "writers:" not in page
