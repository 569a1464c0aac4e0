"""Pages that say what went wrong: in which words, with which id, and that the log has the same id."""

import json
import logging
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client

from dashboard import failures
from dashboard import finding as palette
from runs import selectors
from runs.errors import InUse
from tests.site.asking import owner
from whirr_site import request_ids
from whirr_site.access.principals import Principal

pytestmark = pytest.mark.django_db


def broken(error: Exception) -> Any:
    def fail(*_given: object, **_wanted: object) -> Any:
        raise error

    return fail


def test_a_page_that_is_none_is_told_with_its_reason_and_an_id() -> None:
    answer = owner().get("/runs/job-99999999/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "There is no run job-99999999." in page
    assert answer["X-Request-ID"] in page
    assert 'href="/queue/"' in page  # the way on is there


def test_what_the_domain_refuses_is_a_page_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "run", broken(InUse("job-1 still runs")))
    answer = owner().get("/runs/job-1/")
    assert answer.status_code == 409
    assert "Job-1 still runs." in answer.content.decode()
    assert "Nothing was changed." in answer.content.decode()


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"accept": "application/json"}, "application/json"),
        ({"HX-Request": "true"}, "text/plain"),
        ({"accept": "text/html"}, "text/html"),
    ],
)
def test_a_refusal_has_the_form_that_was_asked_for(headers: dict[str, str], kind: str) -> None:
    answer = owner().get("/runs/job-99999999/", headers=headers)
    assert answer.status_code == 404
    assert answer["content-type"].startswith(kind)
    assert b"o run job-99999999" in answer.content


def test_a_bug_is_told_without_its_text_and_the_log_names_the_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(selectors, "run", broken(RuntimeError("canary")))
    caplog.handler.addFilter(request_ids.WithRequestId())
    with caplog.at_level(logging.ERROR, logger="django.request"):
        answer = owner(raise_request_exception=False).get("/runs/job-1/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "canary" not in page
    assert "Your runs go on" in page
    assert [record.request_id for record in caplog.records] == [answer["X-Request-ID"]]  # type: ignore[attr-defined]
    assert answer["X-Request-ID"] in page


def test_a_bug_in_the_page_about_bugs_is_still_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "run", broken(RuntimeError("canary")))
    monkeypatch.setattr(failures, "around", broken(RuntimeError("canary")))
    answer = owner(raise_request_exception=False).get("/runs/job-1/")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")


def test_a_database_that_is_away_is_503_and_says_that_runs_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selectors, "run", broken(OperationalError("gone")))
    answer = owner().get("/runs/job-1/")
    assert answer.status_code == 503
    assert "Your runs go on" in answer.content.decode()
    assert "gone" not in answer.content.decode()


class TestARoleThatIsMissing:
    def reader(self, monkeypatch: pytest.MonkeyPatch) -> Client:
        """A person who may look and nothing else."""
        reading = Principal("grace", frozenset({"read"}))
        monkeypatch.setattr("whirr_site.access.principals.of_user", lambda _user: reading)
        return Client()

    def test_the_page_says_which_and_who_gives_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        get_user_model().objects.create_superuser("ada<b>", password=None)
        answer = self.reader(monkeypatch).get("/submit/")
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "The role <b>submit</b> queues" in page
        assert "You are signed in as <b>grace</b>" in page
        assert "<b>ada&lt;b&gt;</b>" in page

    def test_a_server_without_administrators_says_how_to_make_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = self.reader(monkeypatch).get("/submit/")
        assert "createsuperuser" in answer.content.decode()

    def test_the_palette_offers_a_reader_no_deed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.reader(monkeypatch).get("/palette.json", {"find": "cancel 1"}).json()
        assert "post" not in json.dumps(told)


class TestRequestIds:
    def test_each_request_has_its_own(self) -> None:
        first, second = (Client().get("/health")["X-Request-ID"] for _ in range(2))
        assert first != second
        assert request_ids.current() == request_ids.NONE

    def test_a_proxys_id_is_kept(self) -> None:
        answer = Client().get("/health", headers={"X-Request-ID": "proxy-7.a_b"})
        assert answer["X-Request-ID"] == "proxy-7.a_b"

    @pytest.mark.parametrize("given", ["", "a b", "<b>", "x" * 65, "a\u00e9", "a/b"])
    def test_what_is_no_id_is_replaced(self, given: str) -> None:
        answer = Client().get("/health", headers={"X-Request-ID": given})
        assert answer["X-Request-ID"] != given


def test_a_form_of_another_page_is_refused_with_a_page() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/enter", {"secret": "x"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


class TestThePalette:
    def ask(self, text: str) -> Any:
        return owner().get("/palette.json", {"find": text}).json()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "%",
            "_",
            "'",
            "9" * 30,
            "cancel",
            "x" * 5000,
            "é" * 300,
            "#-1",
            "a" * 18,
        ],
    )
    def test_strange_words_find_nothing_and_break_nothing(self, text: str) -> None:
        assert [group for group in self.ask(text)["groups"] if group["items"]] == []

    @pytest.mark.parametrize(
        ("find", "text", "far"),
        [("abc", "xx abc", 0), ("abc", "xabc", 1), ("ac", "abc", 3), ("ca", "abc", float("inf"))],
    )
    def test_letters_in_their_order_are_measured(self, find: str, text: str, far: float) -> None:
        assert palette.distance(find, text) == far
