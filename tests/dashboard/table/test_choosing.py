"""What the table shows and does before anybody chose: columns, the metric, the first click on a header."""

import re
from collections import Counter

import pytest
from django.http import QueryDict
from django.test import Client

from dashboard.comparing import axes
from dashboard.table import specs
from dashboard.table.build import table
from dashboard.table.choosing import primary
from dashboard.table.columns import dressed
from dashboard.table.wish import Wish
from runs.models import Run
from runs.query.scope import Scope
from tests.dashboard.conftest import begin, log
from tests.jobs import factories
from tests.jobs.factories import NOON


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("metric.val/loss", "metric.val/loss"),
        ("metric.val/loss:max", "metric.val/loss:max"),
        ("metric.val/acc:best", "-metric.val/acc:best"),
        ("metric.lr", "-metric.lr"),  # nobody can say
        ("config.loss", "-config.loss"),
    ],
)
def test_the_first_click_puts_the_best_on_top(key: str, first: str) -> None:
    head = dressed(Wish(), [spec for word in [key] if (spec := specs.spec(word))])

    assert QueryDict(head[0].sort_query)["sort"] == first


@pytest.mark.django_db
def test_what_some_few_runs_have_is_no_column_before_what_most_have() -> None:
    worker = factories.make_worker("node1", gpus=64)
    for at in range(7):
        few = {"vocab": at} if at in (0, 5) else {}
        config = {"array_index": at, **few, "model": "ab"[at % 2], "lr": at / 10}
        begin(worker, config=config, name=f"r{at}")

    found = table(Wish(), Scope(NOON, "ada"))
    offer = axes.offer(list(Run.objects.all()))

    keys = ["config.lr", "config.model", "config.vocab"]
    assert [each.key for each in found.columns if each.kind == "config"] == keys
    assert offer.axes == keys
    assert offer.pair[0] == "config.lr"


def test_the_metric_shown_at_first_does_not_follow_single_runs() -> None:
    assert primary(Counter({"acc": 26, "loss": 25, "lr": 26, "system/gpu": 40})) == "loss"
    assert primary(Counter({"acc": 2, "loss": 2})) == "loss"
    assert primary(Counter({"acc": 9, "loss": 2})) == "acc"
    assert primary(Counter({"system/gpu": 4})) == ""


@pytest.mark.django_db
def test_cards_on_a_phone_have_a_control_of_their_own_to_sort_by(browser: Client) -> None:
    log(begin(name="a"), loss=[1.0])
    plain = browser.get("/runs/?q=").content.decode()
    down = browser.get("/runs/?sort=-metric.loss,name").content.decode()

    assert '<option value="sort=metric.loss">loss</option>' in plain
    assert "Turn round" not in plain
    assert '<option value="view=none">newest first</option>' in down
    assert re.search(r'<option value="[^"]*" selected>loss</option>', down)
    assert re.search(r'href="\?sort=metric.loss%2Cname">.*?Turn round', down)
    assert 'href="#charts-pane"' in down
    assert 'id="charts-pane"' in down
