"""What a run logged that is no number: each kind is shown, one at a time, and never more than it is."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import media, pictures
from runs import artifacts, storage, streams
from runs.errors import NotFound
from runs.models import Run
from tests.dashboard.conftest import NAN, begin, log_series, run_of
from tests.jobs import factories
from tests.jobs.factories import NOON

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>"


@pytest.fixture
def run(browser: Client) -> Run:
    return run_of(begin(name="mine", now=timezone.now()))


def say(run: Run, *records: dict[str, Any], name: str = "events.jsonl") -> None:
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    size = streams.append(run, run.attempt, name, offset=0, data=b"")
    streams.append(run, run.attempt, name, offset=size, data=data)


def keep(run: Run, path: str, data: bytes) -> None:
    artifacts.receive(run, 1, path, offset=0, size=len(data), data=data, now=NOON)


def item(browser: Client, run: Run, kind: str, key: str, **query: Any) -> str:
    answer = browser.get(f"/runs/{run.key}/media/item", {"kind": kind, "key": key, **query})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_page_without_any_teaches_the_calls(browser: Client, run: Run) -> None:
    page = browser.get(f"/runs/{run.key}/").content.decode()
    assert "run.log_image(" in page
    assert "data-media-empty" in page


def test_there_is_a_card_for_each_key_by_kind(browser: Client, run: Run) -> None:
    say(run, *({"type": "text", "key": "b", "step": n} for n in range(3)))
    say(run, {"type": "image", "key": "z"}, {"type": "alert", "title": "a"}, {"event": "worker"})
    found = media.media(run, 1)
    assert [(card.kind, card.key, card.count) for card in found.cards] == [
        ("image", "z", 1),
        ("text", "b", 3),
    ]
    assert found.events == 6
    page = browser.get(f"/runs/{run.key}/media").content.decode()
    assert "data-media-empty" not in page
    assert 'max="2"' in page


def test_items_stand_in_the_order_of_their_steps(run: Run) -> None:
    say(run, *({"type": "text", "key": "t", "step": step, "text": str(step)} for step in (5, 1, 9)))
    say(run, {"type": "text", "key": "t", "step": 5, "text": "other"}, name="events.r1.jsonl")
    told = [media.item(run, 1, "text", "t", position=place).text for place in range(4)]
    assert told == ["1", "5", "other", "9"]
    assert media.item(run, 1, "text", "t").text == "9"
    assert media.item(run, 1, "text", "t", position=10**6).text == "9"


@pytest.mark.parametrize(
    ("kind", "key"), [("text", "no"), ("alert", "a"), ("video", "t"), ("", ""), ("other", "worker")]
)
def test_what_was_not_logged_is_not_there(browser: Client, run: Run, kind: str, key: str) -> None:
    say(run, {"type": "text", "key": "t"}, {"type": "alert", "title": "a"}, {"event": "worker"})
    with pytest.raises(NotFound):
        media.item(run, 1, kind, key)
    query = {"kind": kind, "key": key}
    assert browser.get(f"/runs/{run.key}/media/item", query).status_code == 404


def test_a_position_that_is_no_number_is_not_there(browser: Client, run: Run) -> None:
    say(run, {"type": "text", "key": "t"})
    for at in ("x", "-1", "1e9"):
        query = {"kind": "text", "key": "t", "at": at}
        assert browser.get(f"/runs/{run.key}/media/item", query).status_code == 404


class TestImages:
    def test_one_is_shown_and_served_as_what_it_is(self, browser: Client, run: Run) -> None:
        keep(run, "media/images/a-1.png", PNG)
        picture = {"file": "media/images/a-1.png", "width": 4, "height": 2, "caption": "first"}
        say(run, {"type": "image", "key": "a", "step": 1} | picture)
        assert f'src="/runs/{run.key}/images/media/images/a-1.png?attempt=1"' in item(
            browser, run, "image", "a"
        )
        answer = browser.get(f"/runs/{run.key}/images/media/images/a-1.png?attempt=1")
        assert answer.getvalue() == PNG
        assert answer["Content-Type"] == "image/png"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")

    @pytest.mark.parametrize(
        "data", [SVG, b"<!doctype html><script>alert(1)</script>", b"", b"RIFF", b"\x89PNG"]
    )
    def test_what_is_no_image_is_never_served_in_a_page(
        self, browser: Client, run: Run, data: bytes
    ) -> None:
        keep(run, "media/x.png", data)
        say(run, {"type": "image", "key": "a", "file": "media/x.png"})
        page = item(browser, run, "image", "a")
        assert "<img" not in page
        assert "no PNG" in page
        assert browser.get(f"/runs/{run.key}/images/media/x.png?attempt=1").status_code == 404

    @pytest.mark.parametrize(
        ("head", "kind"),
        [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"BM", None),
            (SVG, None),
        ],
    )
    def test_the_first_bytes_tell(self, head: bytes, kind: str | None) -> None:
        assert pictures.sniffed(head[:16]) == kind

    def test_one_that_is_on_its_way_is_asked_for_again(self, browser: Client, run: Run) -> None:
        say(run, {"type": "image", "key": "a", "file": "media/late.png"})
        assert "every 2s" in item(browser, run, "image", "a")
        keep(run, "media/late.png", PNG)
        assert "<img" in item(browser, run, "image", "a")

    def test_one_that_never_came_says_so_when_the_run_is_over(
        self, browser: Client, run: Run
    ) -> None:
        say(run, {"type": "image", "key": "a", "file": "media/late.png"})
        Run.objects.filter(pk=run.pk).update(status="failed", finished_at=NOON)
        assert "Its file did not arrive" in item(browser, run, "image", "a")

    def test_on_a_shared_disk_it_is_seen_before_the_run_ends(
        self, browser: Client, run: Run
    ) -> None:
        folder = storage.attempt_folder(run, 1) / "artifacts" / "media"
        folder.mkdir(parents=True)
        (folder / "a.png").write_bytes(PNG)
        (folder / "link.png").symlink_to(folder / "a.png")
        say(run, {"type": "image", "key": "a", "file": "media/a.png"})
        say(run, {"type": "image", "key": "l", "file": "media/link.png"})
        assert "<img" in item(browser, run, "image", "a")
        assert "<img" not in item(browser, run, "image", "l")

    @pytest.mark.parametrize("path", ["../../../secret", "/etc/passwd", "a\\b", "", 7, None, ["x"]])
    def test_a_path_that_leads_elsewhere_is_none(
        self, browser: Client, run: Run, path: Any
    ) -> None:
        say(run, {"type": "image", "key": "a", "file": path})
        assert "<img" not in item(browser, run, "image", "a")

    @pytest.mark.parametrize(
        "path", ["../meta.json", "%2e%2e/meta.json", "no.png", "a%5cb", "a//b"]
    )
    def test_an_address_that_leads_elsewhere_is_none(
        self, browser: Client, run: Run, path: str
    ) -> None:
        assert browser.get(f"/runs/{run.key}/images/{path}").status_code == 404

    def test_nobody_sees_one(self, client: Client, run: Run) -> None:
        keep(run, "a.png", PNG)
        client.logout()
        for part in ("images/a.png", "media", "media/item", "alerts", "histograms.json"):
            assert client.get(f"/runs/{run.key}/{part}").status_code == 302


class TestTables:
    def test_the_first_rows_are_shown_and_the_rest_on_demand(
        self, browser: Client, run: Run
    ) -> None:
        rows = [[n, f"row {n}", n / 7] for n in range(30)]
        rows[2][2] = NAN
        say(run, {"type": "table", "key": "t", "columns": ["n", "name", "x"], "rows": rows})
        first, whole = (item(browser, run, "table", "t", **query) for query in ({}, {"whole": "1"}))
        assert "row 9" in first
        assert "row 10" not in first
        assert "Show all 30 rows" in first
        assert '<td class="nan">NaN</td>' in first
        assert "row 29" in whole

    def test_one_in_a_file_is_read_from_there(self, browser: Client, run: Run) -> None:
        body = {"columns": ["a"], "rows": [["from the file"], [None], [{"deep": [1]}]]}
        keep(run, "media/tables/t.json", json.dumps(body).encode())
        say(run, {"type": "table", "key": "t", "file": "media/tables/t.json"})
        assert "from the file" in item(browser, run, "table", "t")

    @pytest.mark.parametrize(
        "body",
        [
            {"rows": "x"},
            {"rows": [1, "a", None]},
            {"columns": 7, "rows": []},
            {"columns": ["a"], "rows": [["x"] * 500]},
            {"file": "nope"},
            {"file": ["x"]},
            {},
        ],
    )
    def test_one_that_is_odd_breaks_no_page(
        self, browser: Client, run: Run, body: dict[str, Any]
    ) -> None:
        say(run, {"type": "table", "key": "t"} | body)
        assert "data-item" in item(browser, run, "table", "t")

    def test_infinities_are_words(self) -> None:
        table = media.table_of({"columns": [], "rows": [["Infinity", "-Infinity", 1e20]]}, most=5)
        assert table.rows == [["∞", "-∞", "1e+20"]]


def test_a_long_text_is_shown_on_demand(browser: Client, run: Run) -> None:
    say(run, {"type": "text", "key": "t", "text": "a" * 5000 + "THE END"})
    assert "THE END" not in item(browser, run, "text", "t")
    assert "THE END" in item(browser, run, "text", "t", whole="1")


def test_histograms_become_a_figure_and_odd_ones_are_counted(browser: Client, run: Run) -> None:
    say(
        run,
        *(
            {"type": "histogram", "key": "w", "step": n, "edges": [0, n + 1], "counts": [4]}
            for n in range(3)
        ),
    )
    say(run, {"type": "histogram", "key": "w", "edges": [0, 1], "counts": "x"})
    told = browser.get(f"/runs/{run.key}/histograms.json", {"key": "w"}).json()
    assert told["unread"] == 1
    assert told["figure"]["data"][0]["x"] == ["0", "1", "2"]
    none = browser.get(f"/runs/{run.key}/histograms.json", {"key": "other"}).json()
    assert none == {"figure": None, "unread": 0}


def test_hostile_texts_are_shown_as_text(browser: Client) -> None:
    attempt = begin(factories.make_worker("n", now=timezone.now()), now=timezone.now())
    run = run_of(attempt)
    log_series(attempt, {EVIL: [1.0]})
    say(
        run,
        {"type": "alert", "title": EVIL, "text": EVIL, "_timestamp": timezone.now().isoformat()},
        {"type": "text", "key": EVIL, "text": EVIL},
        {"type": "table", "key": EVIL, "columns": [EVIL], "rows": [[EVIL]]},
        {"type": "image", "key": EVIL, "file": "media/a.png", "caption": EVIL},
        {"type": "histogram", "key": EVIL, "edges": [0, 1], "counts": [1]},
    )
    keep(run, "media/a.png", PNG)
    pages = [browser.get(path).content.decode() for path in ("/", "/runs/", f"/runs/{run.key}/")]
    pages += [item(browser, run, kind, EVIL) for kind in ("text", "table", "image")]
    for page in pages:
        assert "&lt;script&gt;" in page
        assert "<img src=x" not in page
        assert "<script>alert" not in page
