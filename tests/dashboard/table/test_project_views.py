"""Saved views of a project: offered, saved and shown at first where the filter names it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from dashboard.finding import found
from dashboard.models import SavedView, Visibility
from dashboard.table import projects
from dashboard.table.wish import Wish

pytestmark = pytest.mark.django_db

FILTER = "project:vision tag:vit"


def stored(name: str = "v", project: str = "vision", **told: Any) -> SavedView:
    now = timezone.now()
    plain = {"page": "runs", "owner": "ada", "visibility": Visibility.PROJECT}
    return SavedView.objects.create(
        **plain | {"name": name, "project": project, "created_at": now, "changed_at": now} | told
    )


def posted(browser: Client, address: str = "/views", **form: str) -> tuple[int, str]:
    answer = browser.post(address, form, HTTP_HX_REQUEST="true")
    return answer.status_code, answer.content.decode()


def offered(browser: Client, **asked: Any) -> list[str]:
    return [view["name"] for view in browser.get("/views.json", asked).json()["views"]]


def led_to(browser: Client, query: str) -> dict[str, list[str]] | None:
    answer = browser.get("/runs/", {"q": query})
    return parse_qs(urlsplit(answer["Location"]).query) if answer.status_code == 302 else None


@pytest.mark.parametrize(
    ("text", "names", "alone"),
    [
        ("project:vision", "vision", "vision"),
        ('project="two words"', "two words", "two words"),
        ("(project:vision) state:failed", "vision", ""),
        ("project:vision project:Vision", "Vision", "Vision"),
        ("project:vision project:text", "", ""),
        ("project:vision OR state:failed", "", ""),
        ("state:failed (project:a OR project:b)", "", ""),
        ("-project:vision", "", ""),
        ("project~vis config.project:vision vision", "", ""),
        ('project:""', "", ""),
        ("project:vision (", "", ""),
        ("", "", ""),
    ],
)
def test_the_project_that_a_filter_names(
    text: str, names: str, alone: str, browser: Client
) -> None:
    assert (projects.named(text), projects.alone(text)) == (names, alone)
    assert browser.get("/runs/", {"q": text, "size": "50"}).context["table"].project == names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("state:failed OR tag:a", "project:vision (state:failed OR tag:a)"),
        ("project:text", "project:text"),
        ("", "project:vision"),
        ("(", "("),
    ],
)
def test_the_clause_of_a_project_is_kept(text: str, told: str) -> None:
    assert projects.kept(text, "vision") == told


def test_the_menu_has_the_projects_views_and_those_of_all(browser: Client) -> None:
    stored("ours")
    stored("of all", project="")
    other = stored("other", project="text")
    stored("hers alone", visibility=Visibility.PRIVATE)
    stored("comparing", page="compare")

    assert offered(browser) == ["of all"]
    assert offered(browser, project="Vision") == ["of all", "ours"]
    assert offered(browser, project="vision", view=other.pk) == ["of all", "other", "ours"]
    assert browser.get("/views.json?project=vision").json()["elsewhere"] == 1
    assert browser.get("/views.json?project=%F0%00&view=x").status_code == 400
    assert browser.get("/views.json", {"project": "x" * 5000, "view": "9" * 30}).status_code == 200


def test_what_is_private_stays_so_also_by_its_number(browser: Client) -> None:
    hers = stored("hers alone", visibility=Visibility.PRIVATE, query="q=project%3Avision")

    assert offered(browser, project="vision", view=hers.pk) == []
    assert browser.get("/views.json").json()["elsewhere"] == 0
    shown = browser.get(f"/runs/?q=project:vision&view={hers.pk}").context["table"]
    assert shown.view is None


def test_who_may_not_read_is_told_of_no_view() -> None:
    stored()
    assert Client().get("/views.json?project=vision").status_code in (302, 401, 403)


def test_a_view_is_saved_into_its_project(browser: Client) -> None:
    wish = {"page": "runs", "query": f"q={FILTER}", "name": "ours"}
    assert posted(browser, project="vision", **wish)[0] == 200
    assert posted(browser, project="VISION", **wish)[0] == 409
    (view,) = browser.get("/views.json?project=vision").json()["views"]
    assert (view["project"], view["mine"]) == ("vision", True)
    assert posted(browser, name="ours", page="runs", query="q=")[0] == 200  # of all projects


@pytest.mark.parametrize(
    ("query", "said"),
    [("q=project:text", "the project “text”"), ("q=tag:a", "does not say"), ("", "does not say")],
)
def test_a_view_of_a_project_shows_that_project(query: str, said: str, browser: Client) -> None:
    code, told = posted(browser, name="v", page="runs", project="vision", query=query)
    assert (code, said in told) == (409, True)
    view = stored(owner="owner", query="q=project:vision")
    code, told = posted(browser, f"/views/{view.pk}/change", query=query)
    assert (code, said in told) == (409, True)


def test_the_default_of_a_project_is_what_its_link_shows(browser: Client) -> None:
    first = stored("first", query="q=tag:vit&cols=name", is_default=True)
    assert led_to(browser, "project:Vision") == {
        "q": [FILTER],
        "cols": ["name"],
        "view": [str(first.pk)],
    }
    assert browser.get(f"/runs/?q={FILTER}&cols=name&view={first.pk}").status_code == 200
    second = stored("second", owner="owner", query="q=project:vision&sort=-id&smooth=ema:0.9")
    assert posted(browser, f"/views/{second.pk}/change", is_default="1")[0] == 200
    found = led_to(browser, "project:vision")
    assert found is not None
    assert (found["view"], found["smooth"]) == ([str(second.pk)], ["ema:0.9"])


def test_the_default_of_a_project_is_of_no_other_address(browser: Client) -> None:
    stored(is_default=True, query="q=project:vision&sort=-id")
    stored("of all", project="", is_default=True, query="sort=name")
    for other in ("project:text", "project:vision state:failed", "-project:vision", "("):
        assert led_to(browser, other) is None
    assert browser.get("/runs/?q=project:vision&sort=id").status_code == 200
    script = browser.get("/runs/", {"q": "project:vision"}, HTTP_HX_REQUEST="true")
    assert script.status_code == 200
    assert browser.get("/runs/")["Location"].startswith("/runs/?sort=name&view=")


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("q=project:vision&page=2", "q=project%3Avision&view=none"),
        ("page=2", "view=none"),
        ("q=project:vision&page=2&sort=name", "q=project%3Avision&sort=name"),
        ("q=project:vision+tag:a&page=2", "q=project%3Avision+tag%3Aa"),
        ("q=project:vision&page=2&view=7", "q=project%3Avision&view=7"),
        ("q=(&page=2&view=%00", "q=%28"),
    ],
)
def test_links_of_the_table_lead_to_the_table_and_not_to_the_default(
    asked: str, leads: str, browser: Client
) -> None:
    stored(is_default=True, query="q=project:vision&sort=-id")
    stored("of all", project="", is_default=True, query="sort=name")
    assert Wish.of(QueryDict(asked)).query(page=1) == leads
    shown = browser.get(f"/runs/?{leads}")
    assert (shown.status_code, shown.context["table"].view) == (200, None)
    assert shown.context["table"].query == leads  # and is the same page when it is loaded again


def test_no_view_is_no_change_of_a_view(browser: Client) -> None:
    answer, _ = posted(browser, name="v", page="runs", query="q=project:vision&view=none")
    assert (answer, SavedView.objects.get().query) == (200, "q=project%3Avision")
    assert browser.get("/views.json?project=vision&view=none").status_code == 200


def test_the_table_says_of_which_project_its_view_is(browser: Client) -> None:
    view = stored(query="q=project:vision&sort=-id", owner="owner")
    table = browser.get(f"/runs/?{view.query}&view={view.pk}").context["table"]
    assert (table.view.project, table.view.changed) == ("vision", False)
    assert browser.get(f"/runs/?q=tag:a&view={view.pk}").context["table"].view.changed


def test_the_palette_opens_views_as_the_menu_does() -> None:
    view = stored("ours", query="q=tag:vit")
    told = found("ours", visitor="bo", may_submit=False, now=timezone.now()).as_json()
    (item,) = next(one for one in told["groups"] if one["label"] == "Saved views")["items"]
    assert item["detail"] == "view of runs · project vision"
    assert item["href"] == f"/runs/?q=project%3Avision+tag%3Avit&view={view.pk}"


@pytest.mark.parametrize(
    ("project", "said"), [("vision", "project%3Avision"), ('a "b', "project%3A%22a%20%5C%22b%22")]
)
def test_a_link_of_a_project_can_be_read(project: str, said: str) -> None:
    told = Template("{% load show %}{{ p|project_search }}").render(Context({"p": project}))
    assert told == said
