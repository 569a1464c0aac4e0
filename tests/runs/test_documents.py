"""Documents: replaced as a whole, and read into the run where they describe it."""

import json
from pathlib import Path
from typing import Any

import pytest

from runs import documents, storage
from runs.errors import Invalid, LeaseLost, TooLarge
from runs.models import Run
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db


def put(run: Run, name: str, content: Any) -> Run:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    assert documents.put(run, 1, name, data) == len(data)
    return Run.objects.get(pk=run.pk)


def test_meta_gives_the_run_name_tags_and_summary() -> None:
    meta = {"name": "base", "tags": ["a", "b"], "summary": {"acc": 0.9}, "hostname": "x"}
    stored = put(make_run(tags=["b", "queue"]), "meta.json", meta)
    assert (stored.name, stored.summary) == ("base", {"acc": 0.9})
    assert stored.tags == ["b", "queue", "a"]
    assert stored.hostname == "node1"


def test_meta_gives_the_run_project_and_what_was_lost() -> None:
    run = make_run()
    stored = put(run, "meta.json", {"project": "vision", "dropped": 12, "resumed": 1})
    assert (stored.project, stored.dropped, stored.resumed) == ("vision", 12, 1)
    # A new process counts from 0: the loss that was told stays told.
    again = put(run, "meta.json", {"project": "other", "dropped": 0, "resumed": 2})
    assert (again.project, again.dropped, again.resumed) == ("vision", 12, 2)


def test_a_second_meta_takes_nothing_back_that_a_person_changed() -> None:
    run = make_run()
    put(run, "meta.json", {"name": "from the script", "project": "p"})
    Run.objects.filter(pk=run.pk).update(name="by hand", project="q")
    stored = put(run, "meta.json", {"name": "from the script", "project": "p"})
    assert (stored.name, stored.project) == ("by hand", "q")


@pytest.mark.parametrize("hostile", [None, -3, 1.5, True, "7", [], {}, 2**80])
@pytest.mark.parametrize("field", ["dropped", "resumed", "project", "name"])
def test_whatever_a_field_of_meta_holds_stops_nobody(field: str, hostile: Any) -> None:
    stored = put(make_run(), "meta.json", {field: hostile, "summary": {"a": 1}})
    assert stored.summary == {"a": 1}
    assert stored.dropped in (0, documents.MOST)
    assert stored.resumed in (0, documents.MOST)


def test_config_is_merged_into_what_was_submitted() -> None:
    stored = put(make_run(config={"lr": 1, "seed": 7}), "config.json", {"lr": 2, "deep": {"a": []}})
    assert stored.config == {"lr": 2, "seed": 7, "deep": {"a": []}}


def test_a_later_document_replaces_the_file_as_a_whole() -> None:
    run = make_run()
    put(run, "git.diff", b"long " * 100)
    put(run, "git.diff", b"short")
    assert storage.document_path(run, 1, "git.diff").read_bytes() == b"short"


@pytest.mark.parametrize("name", ["meta.json", "config.json"])
@pytest.mark.parametrize("bad", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_one_that_cannot_be_read_is_refused_and_the_good_one_stays(name: str, bad: bytes) -> None:
    run = make_run()
    put(run, name, {"name": "good"})
    with pytest.raises(Invalid):
        documents.put(run, 1, name, bad)
    assert json.loads(storage.document_path(run, 1, name).read_bytes()) == {"name": "good"}
    assert not [*storage.attempt_folder(run, 1).glob(f".{name}.*")]


@pytest.mark.parametrize(("name", "field"), [("config.json", "config"), ("meta.json", "summary")])
def test_nan_and_texts_that_no_database_holds_are_mended(name: str, field: str) -> None:
    hostile = b'{"a": NaN, "b": [-Infinity, {"c\\u0000": "d\\u0000e\\ud800"}]}'
    content = hostile if name == "config.json" else b'{"summary": ' + hostile + b"}"
    stored = put(make_run(), name, content)
    mark = "\N{REPLACEMENT CHARACTER}"
    mended = {"a": "NaN", "b": ["-Infinity", {f"c{mark}": f"d{mark}e{mark}"}]}
    assert getattr(stored, field) == mended


@pytest.mark.parametrize(
    "meta",
    [
        {"name": 7, "tags": "a", "summary": [1], "hostname": {}},
        {"name": None, "tags": None},
        {"name": "n\0" + "x" * 999, "tags": ["t\0", 1, None, {}], "hostname": "h" * 999},
        {"summary": {"deep": [[[[[]]]]]}},
    ],
)
def test_values_of_another_kind_stop_nobody(meta: dict[str, Any]) -> None:
    stored = put(make_run(), "meta.json", meta)
    assert len(stored.name) <= 255


def test_the_fence_holds_for_documents_too() -> None:
    run = make_run(attempt=2)
    with pytest.raises(LeaseLost):
        documents.put(run, 1, "meta.json", b"{}")
    with pytest.raises(LeaseLost):
        documents.note_shared(run, 1, "meta.json")


def test_one_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        documents.put(make_run(), 1, "git.diff", b"x" * (documents.LIMIT + 1))


@pytest.mark.parametrize("name", ["../meta.json", "secret", "output.log", "", "meta.json/x"])
def test_there_are_no_other_documents(name: str) -> None:
    with pytest.raises(Invalid):
        documents.put(make_run(), 1, name, b"{}")


class TestOnASharedDisk:
    def place(self, run: Run, name: str = "meta.json") -> Path:
        path = storage.document_path(run, 1, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def test_it_is_read_where_it_lies(self) -> None:
        run = make_run()
        self.place(run).write_text('{"name": "here"}')
        assert documents.note_shared(run, 1, "meta.json") == 16
        assert Run.objects.get(pk=run.pk).name == "here"

    def test_one_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(Invalid, match="not on the shared disk"):
            documents.note_shared(make_run(), 1, "meta.json")

    def test_a_link_to_somewhere_else_is_not_followed(self, tmp_path: Path) -> None:
        run = make_run()
        secret = tmp_path / "secret.json"
        secret.write_text('{"password": "canary"}')
        self.place(run, "config.json").symlink_to(secret)
        with pytest.raises(Invalid, match="plain file"):
            documents.note_shared(run, 1, "config.json")
        assert Run.objects.get(pk=run.pk).config == {}
