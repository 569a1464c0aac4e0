"""What stands around the parts of a run's page: how much is in each, what can be copied, what a deed would mean."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from jobs.models import Job
from jobs.states import After
from runs.models import Run
from tests.dashboard.conftest import begin, run_of
from tests.dashboard.test_media import keep, say
from tests.jobs import factories

pytestmark = pytest.mark.django_db
COUNT = re.compile(r'data-tab-count="(\w+)">(\d+)<')


@pytest.fixture
def run(browser: Client) -> Run:
    return run_of(begin(now=timezone.now()))


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_tabs_say_how_much_is_in_them_and_every_answer_brings_it_anew(
    browser: Client, run: Run
) -> None:
    page = f"/runs/{run.key}/"
    assert dict(COUNT.findall(text(browser, page))) == {"media": "0", "artifacts": "0"}
    keep(run, "a.txt", b"a")
    keep(run, "b.txt", b"b")
    say(run, *({"_idx": n, "type": "text", "key": f"k{n // 2}", "text": "x"} for n in range(6)))
    assert dict(COUNT.findall(text(browser, page))) == {"media": "3", "artifacts": "2"}
    assert 'data-count-artifacts="2"' in text(browser, f"{page}head")
    assert 'data-count-media="3"' in text(browser, f"{page}media?attempt=1")


def test_whatever_is_there_to_be_copied_has_a_button(browser: Client, run: Run) -> None:
    for address in (f"/runs/{run.key}/", "/"):
        page = text(browser, address)
        blocks = page.split('class="copyable')[1:]
        assert blocks
        assert [block for block in blocks if "data-copy" not in block.split("</div>")[0]] == []


def test_the_question_before_a_retry_says_who_waited_in_vain(browser: Client) -> None:
    attempt = begin()
    factories.make_job(after=[(attempt.job_id, After.OK)])
    key = run_of(attempt).key
    assert "does the same again" not in text(browser, f"/runs/{key}/head")
    factories.finish(attempt, exit_code=1)
    asked = "this one stays as it is. 1 job that waited for it was cancelled and stays so"
    assert asked in text(browser, f"/runs/{key}/head")
    assert Job.objects.filter(status="cancelled").count() == 1
