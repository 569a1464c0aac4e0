"""Texts, pictures, tables, histograms and alerts: each is one line of events.jsonl, and large ones are files."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.client.projects import begin, events, lines
from whirr import _images

pytestmark = pytest.mark.usefixtures("project")

GIF = b"GIF89a" + struct.pack("<HH", 5, 3) + bytes(10)
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x04JF\xff\xff\xc4\x00\x03x\xff\xc2\x00\x0b\x08"
    + struct.pack(">HH", 3, 5)
    + bytes(20)
)
WEBP = b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 5, 3) + bytes(4)
WEBP_L = b"RIFF\0\0\0\0WEBPVP8L" + bytes(5) + struct.pack("<I", 4 | 2 << 14) + bytes(10)
WEBP_X = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x04\0\0\x02\0\0" + bytes(4)
PNG = _images.png(bytes(range(45)), width=5, height=3, channels=3)


def only_event(run: Any) -> dict[str, Any]:
    (event,) = events(run)
    assert event.pop("_idx") == 0
    assert event.pop("_timestamp").endswith("Z")
    return event


def pixels(data: bytes) -> bytes:
    """What a PNG of ours holds, checked as a reader of PNG would check it."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(name + body)
        chunks[name] = body
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    row = width * {0: 1, 2: 3, 6: 4}[colour]
    raw = zlib.decompress(chunks[b"IDAT"])
    assert (depth, len(raw)) == (8, height * (row + 1))
    return b"".join(raw[n * (row + 1) + 1 : (n + 1) * (row + 1)] for n in range(height))


def test_a_text_is_a_line() -> None:
    run = begin()
    run.log_text("answer", "line one\nµ 🙂", step=3)
    assert only_event(run) == {
        "step": 3, "type": "text", "key": "answer", "text": "line one\nµ 🙂",
    }  # fmt: skip
    assert lines(run) == []


def test_an_alert_is_a_line() -> None:
    run = begin()
    run.alert("diverged", "loss is NaN", level="error")
    assert only_event(run) == {
        "type": "alert", "key": "diverged", "title": "diverged", "text": "loss is NaN", "level": "error",
    }  # fmt: skip
    run.alert("odd", level="loud")  # it is heard all the same
    assert (events(run)[1]["level"], run.dropped) == ("warning", 1)


@pytest.mark.parametrize(
    ("data", "ending"),
    [(PNG, "png"), (GIF, "gif"), (JPEG, "jpg"), (WEBP, "webp"), (WEBP_L, "webp"), (WEBP_X, "webp")],
)
def test_a_picture_is_kept_as_it_is(data: bytes, ending: str, project: Path) -> None:
    run = begin()
    (project / "picture").write_bytes(data)
    run.log_image("val/input", project / "picture", step=7, caption="a cat")
    event = only_event(run)
    file = event.pop("file")
    assert event == {
        "step": 7, "type": "image", "key": "val/input", "width": 5, "height": 3, "caption": "a cat",
    }  # fmt: skip
    assert file.startswith("media/images/val-input-7-")
    assert file.endswith(f".{ending}")
    assert (run.dir / "artifacts" / file).read_bytes() == data


@pytest.mark.parametrize("key", ["../../etc/passwd", "a\\b\0c", "..", "ключ", "x" * 255])
def test_a_picture_cannot_be_named_out_of_its_folder(key: str) -> None:
    run = begin()
    run.log_image(key, PNG)
    event = only_event(run)
    assert event["key"] == key
    kept = run.dir / "artifacts" / event["file"]
    assert kept.resolve().parent == run.dir / "artifacts" / "media" / "images"
    assert kept.is_file()


class Figure:
    """As matplotlib has it."""

    def savefig(self, target: Any, *, format: str) -> None:  # noqa: A002
        assert format == "png"
        target.write(PNG)


class Pil:
    def save(self, target: Any, *, format: str) -> None:  # noqa: A002
        target.write(PNG)


def test_objects_that_can_save_themselves_are_pictures() -> None:
    run = begin()
    run.log_image("figure", Figure())
    run.log_image("pil", Pil())
    files = [run.dir / "artifacts" / event["file"] for event in events(run)]
    assert [file.read_bytes() for file in files] == [PNG, PNG]


class Tensor:
    """As torch has it: channels first, no `astype`."""

    dtype = "torch.float32"

    def __init__(self, nested: list[Any]) -> None:
        self._nested = nested
        self.shape = (len(nested), len(nested[0]), len(nested[0][0]))

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> "Tensor":
        return self

    def permute(self, *order: int) -> "Tensor":
        assert order == (1, 2, 0)
        rows, columns = self.shape[1:]
        return Tensor(
            [[[plane[y][x] for plane in self._nested] for x in range(columns)] for y in range(rows)]
        )

    def tolist(self) -> list[Any]:
        return self._nested


def test_a_tensor_is_a_picture() -> None:
    run = begin()
    red, green, blue = [[0.0, 1.0]], [[0.5, 2.0]], [[-1.0, float("nan")]]
    run.log_image("tensor", Tensor([red, green, blue]))
    event = only_event(run)
    assert (event["width"], event["height"]) == (2, 1)
    data = (run.dir / "artifacts" / event["file"]).read_bytes()
    assert list(pixels(data)) == [0, 128, 0, 255, 255, 0]


def test_arrays_of_numpy_are_pictures() -> None:
    numpy = pytest.importorskip("numpy")
    grey = numpy.array([[0, 300], [-5, 7]])
    colour = numpy.arange(24, dtype="uint8").reshape(2, 3, 4)
    run = begin()
    for array in (grey, colour, colour[:, :, :3] / 255.0, grey > 5):
        run.log_image("array", array)
    data = [(run.dir / "artifacts" / event["file"]).read_bytes() for event in events(run)]
    assert list(pixels(data[0])) == [0, 255, 0, 7]
    assert pixels(data[1]) == bytes(range(24))
    assert pixels(data[2]) == colour[:, :, :3].tobytes()
    assert list(pixels(data[3])) == [0, 255, 0, 255]
    run.log_image("array", numpy.zeros((2, 2, 2)))
    run.log_image("array", numpy.zeros(4))
    assert run.dropped == 2


@pytest.mark.parametrize(
    "bad", [None, 7, b"", b"text", "no-such.png", [[1]], "/proc/self/maps", "/dev/zero"]
)
def test_what_is_no_picture_is_counted(bad: object) -> None:
    run = begin()
    run.log_image("bad", bad)
    assert run.dropped == 1
    assert not (run.dir / "events.jsonl").exists()


class Frame:
    """As pandas has it."""

    columns = ("name", "acc")

    def itertuples(self, *, index: bool, name: None) -> list[tuple[str, float]]:
        return [("a", 0.5)]


@pytest.mark.parametrize(
    ("wish", "columns", "rows"),
    [
        (
            {"columns": ["a", 1], "rows": [[1, "x"], (None, 2.5)]},
            ["a", "1"],
            [[1, "x"], [None, 2.5]],
        ),
        ({"data": [{"a": 1}, {"b": True}]}, ["a", "b"], [[1, None], [None, True]]),
        ({"data": [[1, 2]], "columns": ["a", "b"]}, ["a", "b"], [[1, 2]]),
        ({"data": {"a": [1, 2], "b": [3, 4]}}, ["a", "b"], [[1, 3], [2, 4]]),
        ({"data": Frame()}, ["name", "acc"], [["a", 0.5]]),
        ({"columns": ["a"], "rows": []}, ["a"], []),
        ({"columns": ["a"], "rows": [[[1, {"b": 2}]]]}, ["a"], [['[1,{"b":2}]']]),
    ],
)
def test_a_table_is_a_line(wish: dict[str, Any], columns: list[str], rows: list[Any]) -> None:
    run = begin()
    run.log_table("results", **wish, step=1)
    assert only_event(run) == {
        "step": 1, "type": "table", "key": "results", "columns": columns, "rows": rows,
    }  # fmt: skip


def test_a_large_table_is_a_file_and_what_is_over_the_limit_is_counted() -> None:
    run = begin()
    run.log_table("large", columns=["n", "text"], rows=[[n, "x" * 30] for n in range(10_002)])
    event = only_event(run)
    assert set(event) == {"type", "key", "file"}
    kept = json.loads((run.dir / "artifacts" / event["file"]).read_text())
    assert (kept["columns"], len(kept["rows"]), kept["rows"][9999][0]) == (
        ["n", "text"],
        10_000,
        9999,
    )
    assert run.dropped == 1


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"columns": ["a"]},
        {"columns": [], "rows": []},
        {"columns": ["a"], "rows": [[1, 2]]},
        {"data": [[1]], "rows": [[1]]},
        {"data": [1, 2]},
        {"data": 7},
        {"columns": ["a"], "rows": [7]},
    ],
)
def test_what_is_no_table_is_counted(wish: dict[str, Any]) -> None:
    run = begin()
    run.log_table("bad", **wish)
    assert run.dropped == 1


def test_values_are_counted_into_bins() -> None:
    run = begin()
    run.log_histogram("h", [0, 1, 1, 4, float("nan")], bins=4, step=2)
    event = only_event(run)
    assert (event["edges"], event["counts"]) == ([0.0, 1.0, 2.0, 3.0, 4.0], [1, 2, 0, 1])
    assert (event["nonfinite"], event["step"]) == (1, 2)
    run.log_histogram("same", [3, 3], bins=2)
    assert (events(run)[1]["edges"], events(run)[1]["counts"]) == ([2.5, 3.0, 3.5], [0, 2])
    run.log_histogram("given", edges=[0, 0.5, 1], counts=[3, 4])
    assert (events(run)[2]["edges"], events(run)[2]["counts"]) == ([0, 0.5, 1], [3, 4])


def test_bins_are_those_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    values = numpy.random.default_rng(1).normal(size=(20, 50))
    run = begin()
    run.log_histogram("numpy", values)
    run.log_histogram("plain", values.tolist())
    fast, plain = events(run)
    assert plain["edges"] == pytest.approx(fast["edges"])
    assert (plain["counts"], sum(plain["counts"])) == (fast["counts"], 1000)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"values": []},
        {"values": [float("nan")]},
        {"values": ["x"]},
        {"values": 7j},
        {"values": [1], "bins": 0},
        {"values": [1], "bins": 513},
        {"values": [1], "edges": [0, 1]},
        {"edges": [0, 1]},
        {"edges": [0, 1], "counts": [1, 2]},
        {"edges": [1, 0], "counts": [1]},
        {"edges": [0, float("inf")], "counts": [1]},
        {"edges": [0, 1], "counts": [-1]},
    ],
)
def test_what_is_no_histogram_is_counted(wish: dict[str, Any]) -> None:
    run = begin()
    run.log_histogram("bad", **wish)
    assert run.dropped == 1
    assert not (run.dir / "events.jsonl").exists()


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_name_that_the_server_cannot_keep_is_counted(key: str) -> None:
    run = begin()
    run.log_text(key, "text")
    run.log({"x" * 256: 1})
    assert run.dropped == 2


def test_a_text_over_the_limit_is_cut_and_counted() -> None:
    run = begin()
    run.log_text("long", "🙂" * 100_000)
    text = only_event(run)["text"]
    assert set(text) == {"🙂"}
    assert 200_000 < 12 * len(text) < 256 * 1024
    assert run.dropped == 1


def test_what_comes_after_the_end_is_counted() -> None:
    run = begin()
    run.finish()
    run.log_text("late", "text")
    assert run.dropped == 1
    assert not (run.dir / "events.jsonl").exists()
