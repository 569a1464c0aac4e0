"""What is refused before any view, or in place of one: a database that is away, a wrong verb, NUL, nobody any more."""

import logging
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from dashboard.failures import FAILURES
from tests.site.asking import owner
from whirr_site import request_ids
from whirr_site.access.principals import owner_account
from whirr_site.errors import STATUS

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(owner_account())
    return client


def unplugged(*_told: Any) -> Any:
    raise OperationalError("the server closed the connection: canary")


class TestADatabaseThatIsAway:
    """Nothing can be asked of it, not even whose session this is."""

    def test_a_page_says_so(self, browser: Client) -> None:
        with connection.execute_wrapper(unplugged):
            answer = browser.get("/runs/")
        page = answer.content.decode()
        assert answer.status_code == 503
        assert "The server cannot answer now" in page
        assert "Your runs go on" in page
        assert "canary" not in page

    def test_the_api_says_so_in_its_own_shape(self, browser: Client) -> None:
        with connection.execute_wrapper(unplugged):
            answer = browser.get("/api/v1/jobs")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")

    @pytest.mark.parametrize("path", ["/runs/", "/api/v1/jobs"])
    @pytest.mark.parametrize("known", [True, False], ids=["session", "token"])
    def test_the_log_names_the_request(
        self, browser: Client, caplog: pytest.LogCaptureFixture, path: str, known: bool
    ) -> None:
        """Whether it is found out in a middleware, or in the view."""
        caplog.handler.addFilter(request_ids.WithRequestId())
        asking = browser if known else owner(raise_request_exception=False)
        with connection.execute_wrapper(unplugged), caplog.at_level(logging.ERROR):
            answer = asking.get(path)
        assert answer.status_code == 503
        assert {each.request_id for each in caplog.records} == {answer["X-Request-ID"]}  # type: ignore[attr-defined]


class TestAnAddressThatTakesNoSuchVerb:
    def test_is_a_page(self, browser: Client) -> None:
        answer = browser.get("/runs/bulk")
        assert answer.status_code == 405
        assert answer["Allow"] == "POST"
        assert "This address takes no such request" in answer.content.decode()

    def test_or_json_for_a_script(self, browser: Client) -> None:
        answer = browser.get("/runs/bulk", headers={"accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_every_failure_that_has_words_can_happen() -> None:
    of_django = {400, 403, 404, 405, 413, 500, 503}
    assert set(FAILURES) <= of_django | set(STATUS.values())


class TestNul:
    @pytest.mark.parametrize(
        "path",
        [
            "/queue/?user=%00",
            "/runs/?q=a%00b",
            "/runs/job-1/artifacts?find=%00",
            "/runs/job-1/media/item?kind=image&key=%00",
            "/runs/a%00b/",
            "/admin/jobs/job/?q=%00",
        ],
    )
    def test_in_an_address_is_a_page_that_says_so(self, browser: Client, path: str) -> None:
        answer = browser.get(path)
        assert answer.status_code == 400
        assert "An address cannot hold a NUL character." in answer.content.decode()

    def test_in_an_address_of_the_api_has_its_shape(self) -> None:
        answer = owner().get("/api/v1/jobs?user=%00&name=a")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert list(answer.json()["fields"]) == ["user"]

    @pytest.mark.parametrize("form", [{"runs": "a\0"}, {"\0": "x"}])
    def test_in_a_form_too(self, browser: Client, form: dict[str, str]) -> None:
        answer = browser.post("/runs/bulk", form)
        assert answer.status_code == 400
        assert "A form cannot hold a NUL character." in answer.content.decode()

    def test_a_percent_sign_before_two_noughts_is_none(self, browser: Client) -> None:
        assert browser.get("/queue/?user=%2500").status_code == 200


class TestASessionThatIsOver:
    def ask(self, url: str) -> str:
        headers = {"HX-Request": "true", "HX-Current-URL": url}
        return Client().get("/runs/job-1/head", headers=headers)["HX-Redirect"]

    def test_a_part_of_a_page_leads_to_the_door_and_back_to_the_page(self) -> None:
        door = self.ask("http://testserver/runs/?q=a%26b")
        assert door == "/enter?next=%2Fruns%2F%3Fq%3Da%2526b"
        assert 'value="/runs/?q=a%26b"' in Client().get(door).content.decode()

    @pytest.mark.parametrize("url", ["", "https://evil.example", "https://x//evil.example/"])
    def test_and_to_no_other_site(self, url: str) -> None:
        assert "evil.example" not in Client().get(self.ask(url)).content.decode()
