"""Previews of artifacts: as much as can be shown, from bytes that may be anything, and never more than was promised."""

import io
import json
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client

from dashboard.previews import kinds, tables, texts
from dashboard.previews.kinds import Kind
from dashboard.previews.preview import Preview, Wish, preview
from runs import artifacts, contents, selectors
from runs.errors import NotFound
from runs.models import Run
from tests.dashboard.conftest import begin, run_of
from tests.jobs import factories

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
PAGE = {"run": {"key": "job-1"}, "attempt": 1}

NASTY = [
    b"",
    b"\x00",
    b"\xff\xfe\x00",
    b"\xc3",
    b"{",
    b"[" * 100_000,
    b'{"a": ' * 50_000,
    b'{"a": ' * 900 + b"1" + b"}" * 900,
    b'{"a": "\\ud800", "\\ud800": ["\\udfff"]}',
    b'[{"\\ud800": "\\ud800"}]',
    b"NaN",
    b"[NaN, Infinity]",
    b'[{"a": 1}, 2]',
    b'[{"a": {"b": NaN}}]',
    b'"\x80"',
    b'a,b\n"unclosed,1\n2',
    b'a,"b\n' * 50_000,
    b"a" * 300_000,
    b"\n" * 300_000,
    b"\r\n\r\n",
    b"\xef\xbb\xbfa,b\n1,2\n",
    b",,,,\n",
    b"\x1b[31mred",
    b"%PDF-1.4",
    b"RIFF",
    b"RIFF0000WAVE",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"\x1a\x45\xdf\xa3",
    b"0000ftyp",
]
NAMES = ("x.json", "x.jsonl", "x.csv", "x.tsv", "x.md", "x.py", "x", "x.png", "x.html", "x.wav")


@pytest.fixture
def run() -> Run:
    return run_of(begin())


def keep(run: Run, path: str, data: bytes) -> None:
    size = len(data)
    artifacts.receive(run, 1, path, offset=0, size=size, data=data, now=factories.NOON)


def shown(run: Run, path: str, **wish: int) -> Preview:
    return preview(run, 1, path, wish=Wish(**wish))  # type: ignore[arg-type]


@pytest.mark.parametrize("data", NASTY, ids=range(len(NASTY)))
def test_any_bytes_under_any_name_are_answered(run: Run, data: bytes) -> None:
    for name in NAMES:
        keep(run, name, data)
        found = shown(run, name)
        assert [found.text, found.table, found.tree].count(None) >= 2, name
        assert found.text is None or len(found.text.rows) < 8 * 1024 * 1024, name
        assert found.table is None or len(found.table.rows) <= found.table.count, name
        page = render_to_string("dashboard/_run_preview.html", {"preview": found, "page": PAGE})
        page.encode()


def test_a_table_shows_its_first_rows_and_says_how_many_there_are(run: Run) -> None:
    keep(run, "t.csv", b"\xef\xbb\xbfa;b\n" + b'1;"x\ny"\n' * 700)
    found = shown(run, "t.csv").table
    assert found is not None
    assert (found.columns, len(found.rows), found.count, found.more) == (["a", "b"], 200, 700, 700)
    assert found.rows[0] == ["1", "x\ny"]
    wide = tables.of_csv(_content(b"a\n" + b"1," * 300 + b"1\n"), "x.csv")
    assert wide is not None
    assert len(wide.columns) == tables.COLUMNS_MOST


def test_rows_of_a_file_that_is_too_large_to_read_are_counted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "READ", 1000)
    keep(run, "t.csv", b"a,b\n" + b"1,2\n" * 5000)
    found = shown(run, "t.csv").table
    assert found is not None
    assert (found.count, found.is_exact) == (5000, False)


def test_records_with_more_keys_than_columns_make_few_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []

    def cell(thing: object) -> str:
        made.append(thing)
        return ""

    monkeypatch.setattr("dashboard.words.cell", cell)
    value = [{f"k{row}-{place}": 1 for place in range(20)} for row in range(1_000)]
    found = tables.of_records(value, rows=1_000)
    assert found is not None
    assert len(made) <= tables.CELLS_MOST
    assert (len(found.columns), found.columns_hidden) == (100, 19_900)
    assert (len(found.rows), found.count) == (500, 1_000)


def test_no_table_leaves_anything_out_unsaid() -> None:
    wide = b"1," * 149 + b"1\n"
    found = tables.of_csv(_content(b"\n\na,b\n" + b"\n" * 300 + wide + b"x" * 501), "x.csv")
    assert found is not None
    assert (found.count, len(found.rows), found.columns_hidden) == (2, 2, 50)
    assert found.rows[1][0] == "x" * 500 + "…"
    assert found.columns[:3] == ["a", "b", ""]


def test_records_are_a_table_and_other_json_is_a_tree(run: Run) -> None:
    keep(run, "a.jsonl", b'{"x": 1, "y": null}\n{"x": NaN}\n\n')
    found = shown(run, "a.jsonl").table
    assert found is not None
    assert (found.columns, found.rows) == (["x", "y"], [["1", ""], ["NaN", ""]])
    keep(run, "b.json", json.dumps({"a": [{"b": 1}]}).encode())
    assert shown(run, "b.json").tree is not None
    keep(run, "c.json", b"[1, 2")
    broken = shown(run, "c.json")
    assert broken.text is not None
    assert "no JSON" in broken.trouble


def test_a_long_text_is_cut_at_a_line_and_more_of_it_can_be_asked_for(run: Run) -> None:
    keep(run, "t.txt", b"0123456789\n" * 100_000)
    first = shown(run, "t.txt").text
    assert first is not None
    assert (first.count, first.shown) == (texts.LINES_FIRST, texts.LINES_FIRST * 11)
    assert first.more == texts.FIRST * 4
    whole = shown(run, "t.txt", limit=10**9).text
    assert whole is not None
    assert (whole.count, whole.more) == (texts.LINES_MOST, 0)
    assert whole.left == 50_000 * 11


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n....", Kind.IMAGE),
        ("a.png", b"<svg onload=x>", Kind.TEXT),
        ("a.svg", b"<svg onload=x>", Kind.TEXT),
        ("a.html", b"<script>", Kind.TEXT),
        ("a.csv", b"RIFF....WAVEfmt ", Kind.SOUND),
        ("a.txt", b"....ftypisom", Kind.FILM),
        ("a.json", b"\x80\x04\x95", Kind.OTHER),
        ("a.MD", "é".encode()[:1], Kind.MARKDOWN),
        ("a.csv", b"a,b", Kind.TABLE),
    ],
)
def test_bytes_say_what_a_file_is_and_a_name_only_among_texts(
    name: str, head: bytes, kind: Kind
) -> None:
    assert kinds.kind_of(name, head) == kind


class TestPages:
    def test_a_sound_is_played_in_parts_and_nothing_else_is(
        self, run: Run, browser: Client
    ) -> None:
        keep(run, "a/t.wav", b"RIFF0000WAVE" + bytes(1000))
        part = browser.get(f"/runs/{run.key}/play/a/t.wav", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part["Content-Type"]) == (206, "audio/wav")
        assert part["Content-Range"] == "bytes 10-19/1012"
        assert part["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert part["X-Content-Type-Options"] == "nosniff"
        assert len(part.getvalue()) == 10
        keep(run, "page.wav", b"<script>alert(1)</script>")
        assert browser.get(f"/runs/{run.key}/play/page.wav").status_code == 404

    @pytest.mark.parametrize(
        "query",
        [
            {"path": "nothing"},
            {"path": "../../etc/passwd"},
            {"path": "/etc/passwd"},
            {"path": "a\\b"},
            {"path": "x" * 5000},
            {"path": "t.csv", "rows": "x"},
            {"path": "t.csv", "bytes": "-1"},
            {"path": "t.csv", "attempt": "9"},
        ],
    )
    def test_what_is_not_there_is_a_page_that_is_not_there(
        self, run: Run, browser: Client, query: dict[str, str]
    ) -> None:
        keep(run, "t.csv", b"a\n1\n")
        assert browser.get(f"/runs/{run.key}/artifacts/view", query).status_code == 404
        path = query["path"].lstrip("/")
        if path and "t.csv" not in path:
            assert browser.get(f"/runs/{run.key}/play/{path}").status_code == 404

    def test_files_stand_in_folders_can_be_found_and_none_is_left_out_unsaid(
        self, run: Run, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dashboard.run_sections.artifacts.SHOWN", 3)
        for number in range(5):
            keep(run, f"deep/folder/f{number}.txt", b"x")
        page = browser.get(f"/runs/{run.key}/artifacts").content.decode()
        assert "5 files" in page
        assert "2 more files" in page
        assert page.count("data-file=") == 3
        whole = browser.get(f"/runs/{run.key}/artifacts", {"all": "1"}).content.decode()
        assert whole.count("data-file=") == 5
        found = browser.get(f"/runs/{run.key}/artifacts", {"find": "f4 DEEP"}).content.decode()
        assert found.count("data-file=") == 1


def test_a_content_that_is_gone_says_so(run: Run, browser: Client, data_dir: Path) -> None:
    keep(run, "t.txt", b"hello")
    digest = selectors.artifact(run, "t.txt").blob
    contents.discard(digest)
    page = browser.get(f"/runs/{run.key}/artifacts/view", {"path": "t.txt"})
    assert "It cannot be read" in page.content.decode()
    with pytest.raises(NotFound):
        shown(run, "other.txt")


def _content(data: bytes) -> contents.Content:
    return contents.Content(len(data), lambda start, stop: io.BytesIO(data[start:stop]))
