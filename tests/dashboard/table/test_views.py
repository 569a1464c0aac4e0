"""Saved views: one's own, shared ones, the default, and who may change which."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from dashboard.models import SavedView, Selection
from dashboard.table import selections

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Callable[[str], Client]:
    def of(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.create_user(name))
        return client

    return of


def save(client: Client, name: str = "losses", **form: str) -> Any:
    wish = {"name": name, "page": "runs", "query": "q=state%3Afailed&sort=-started&page=3&view=9"}
    return client.post("/views", wish | form, HTTP_HX_REQUEST="true")


def names(client: Client) -> list[str]:
    return [view["name"] for view in client.get("/views.json?page=runs&project=").json()["views"]]


def test_a_view_is_kept_without_where_one_was_reading(browser: Client) -> None:
    assert save(browser).status_code == 200

    (view,) = browser.get("/views.json?page=runs").json()["views"]
    assert view["query"] == "q=state%3Afailed&sort=-started"
    assert (view["mine"], view["owner"], view["visibility"], view["is_default"]) == (
        True,
        "owner",
        "private",
        False,
    )


def test_private_views_are_their_owners(person: Callable[[str], Client]) -> None:
    ada, bo = person("ada"), person("bo")
    save(ada)
    save(ada, "shared", visibility="project")
    mine = SavedView.objects.get(name="losses").pk

    assert (names(ada), names(bo)) == (["losses", "shared"], ["shared"])
    assert bo.post(f"/views/{mine}/change", {"name": "x"}).status_code == 404


def test_shared_views_are_changed_by_their_owner_or_an_admin(
    person: Callable[[str], Client], browser: Client
) -> None:
    ada, bo = person("ada"), person("bo")
    save(ada, "shared", visibility="project")
    pk = SavedView.objects.get().pk
    refused = bo.post(f"/views/{pk}/change", {"name": "x"}, HTTP_HX_REQUEST="true")

    assert (refused.status_code, "ada's" in refused.content.decode()) == (409, True)
    assert bo.post(f"/views/{pk}/delete", HTTP_HX_REQUEST="true").status_code == 409
    assert (
        browser.post(f"/views/{pk}/change", {"name": "better"}, HTTP_HX_REQUEST="true").status_code
        == 200
    )
    assert names(bo) == ["better"]
    assert ada.post(f"/views/{pk}/delete", HTTP_HX_REQUEST="true").status_code == 200
    assert names(ada) == []


def test_the_default_is_what_the_bare_address_shows(browser: Client) -> None:
    for name in ("first", "second"):
        save(browser, name, visibility="project")
        pk = SavedView.objects.get(name=name).pk
        browser.post(f"/views/{pk}/change", {"is_default": "1"})

    assert list(SavedView.objects.filter(is_default=True).values_list("name", flat=True)) == [
        "second"
    ]
    assert browser.get("/runs/")["Location"] == f"/runs/?q=state%3Afailed&sort=-started&view={pk}"
    assert browser.get("/runs/?q=").status_code == 200
    assert browser.get(f"/runs/?view={pk}").status_code == 200


def test_a_page_says_whether_it_is_as_the_view_was_saved(browser: Client) -> None:
    save(browser)
    pk = SavedView.objects.get().pk

    def changed(query: str) -> bool:
        return bool(browser.get(f"/runs/?{query}&view={pk}").context["table"].view.changed)

    assert not changed("sort=-started&q=state:failed&page=1")
    assert changed("sort=started&q=state:failed")
    assert changed("sort=-started&q=state:failed&smooth=ema:0.9")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": "x" * 101}, "needs a name"),
        ({"name": "a\nb"}, "needs a name"),
        ({"page": "queue"}, "views are of the pages"),
        ({"visibility": "all"}, "private or project"),
        ({"query": "q=" + "x" * 20_000}, "at most"),
        ({"query": "&".join(f"a{n}=1" for n in range(2000))}, "cannot be read"),
        ({"project": "x" * 101}, "100 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused(form: dict[str, str], said: str, browser: Client) -> None:
    answer = browser.post(
        "/views", {"name": "v", "page": "runs", "query": ""} | form, HTTP_HX_REQUEST="true"
    )

    assert (answer.status_code, said in answer.content.decode()) == (409, True), answer.content[
        :200
    ]
    assert not SavedView.objects.exists()


def test_a_name_is_taken_once_by_each_person(
    browser: Client, person: Callable[[str], Client]
) -> None:
    assert [save(client).status_code for client in (browser, browser, person("ada"))] == [
        200,
        409,
        200,
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"is_default": "2"}, "0 or 1"),
        ({"is_default": "1"}, "share the view first"),
        ({"name": ""}, "a name"),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused(
    form: dict[str, str], said: str, browser: Client
) -> None:
    save(browser)
    answer = browser.post(
        f"/views/{SavedView.objects.get().pk}/change", form, HTTP_HX_REQUEST="true"
    )

    assert (answer.status_code, said in answer.content.decode()) == (409, True)
    assert browser.post("/views/999/change", {"name": "x"}).status_code == 404
    assert browser.post("/views/999/delete").status_code == 404


def test_a_view_that_is_gone_leaves_the_page_as_its_address_says(browser: Client) -> None:
    answer = browser.get("/runs/?view=999&q=state:failed")

    assert answer.context["table"].view is None
    assert browser.get(f"/runs/?view={'9' * 30}").status_code == 200


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("state=failed&sort=-id", "sort=-id&q=state%3A%22failed%22"),
        ("q=lr%3E1&tag=a+b&hide=job-1", "q=lr%3E1+tag%3A%22a+b%22&hide=job-1"),
        ("state=all", "q="),
    ],
)
def test_addresses_from_before_the_filter_language_lead_to_their_filter(
    before: str, now: str, browser: Client
) -> None:
    """Scripts read the filter in `q` alone: what they do to "all that match" must not be done to all."""
    assert browser.get(f"/runs/?{before}")["location"] == f"/runs/?{now}"
    browser.post("/views", {"name": "old", "page": "runs", "query": before})
    assert "state=" not in browser.get("/views.json?page=runs").json()["views"][0]["query"]


def test_the_compare_page_has_views_of_its_own(
    browser: Client, person: Callable[[str], Client]
) -> None:
    address = "runs=job-1,job-2&baseline=job-2"
    assert save(browser, "two", page="compare", query=address).status_code == 200
    pk = SavedView.objects.get().pk

    assert names(browser) == []
    told = browser.get("/views.json?page=compare").json()["views"]
    assert [view["name"] for view in told] == ["two"]
    shown = browser.get(f"/compare/?{address}&view={pk}")
    assert (shown.context["view"].name, shown.context["view"].changed) == ("two", False)
    assert browser.get(f"/compare/?runs=job-1&view={pk}").context["view"].changed
    assert person("ada").get(f"/compare/?{address}&view={pk}").context["view"] is None
    for strange in ("x", "9" * 30, "0", str(pk + 1)):
        assert browser.get(f"/compare/?view={strange}").context["view"] is None
    assert browser.get(f"/runs/?q=&view={pk}").context["table"].view is None


def test_only_the_runs_page_has_a_default(browser: Client) -> None:
    save(browser, "two", page="compare", visibility="project")
    pk = SavedView.objects.get().pk
    answer = browser.post(f"/views/{pk}/change", {"is_default": "1"}, HTTP_HX_REQUEST="true")

    assert (answer.status_code, "only the runs page" in answer.content.decode()) == (409, True)


def test_a_selection_that_a_view_compares_is_kept(browser: Client) -> None:
    now = timezone.now()
    kept, gone = (selections.keep([f"job-{number}"], now=now) for number in (1, 2))
    save(browser, "many", page="compare", query=f"sel={kept.key}&shown=min")
    made = selections.keep(["job-3"], now=now + selections.FORGOTTEN_AFTER * 2)

    assert set(Selection.objects.values_list("key", flat=True)) == {kept.key, made.key}
    assert gone.key not in (kept.key, made.key)
