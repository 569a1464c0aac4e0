"""Pictures from files, bytes, objects and arrays: kept as files below artifacts/media, under names that are safe."""

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.client.projects import begin, events, only_event
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


class NumpyTensor(Tensor):
    """As torch has it where numpy is installed; going through each value would take seconds."""

    def __init__(self, array: Any, dtype: str) -> None:
        self._array = array
        self.dtype = dtype
        self.shape = array.shape

    def permute(self, *order: int) -> "NumpyTensor":
        return NumpyTensor(self._array.transpose(*order), self.dtype)

    def float(self) -> "NumpyTensor":
        return NumpyTensor(self._array.astype("float32"), "torch.float32")

    def numpy(self) -> Any:
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._array

    def tolist(self) -> list[Any]:
        raise AssertionError("value by value")


def test_a_tensor_goes_through_numpy_where_there_is_one() -> None:
    numpy = pytest.importorskip("numpy")
    whole = numpy.arange(24, dtype="uint8").reshape(3, 2, 4)
    run = begin()
    run.log_image("whole", NumpyTensor(whole, "torch.uint8"))
    run.log_image("half", NumpyTensor(whole / 255.0, "torch.bfloat16"))
    run.log_image("yes", NumpyTensor(whole > 11, "torch.bool"))
    data = [(run.dir / "artifacts" / event["file"]).read_bytes() for event in events(run)]
    upright = whole.transpose(1, 2, 0).tobytes()
    assert [pixels(each) for each in data[:2]] == [upright, upright]
    assert list(pixels(data[2])) == [255 * (value > 11) for value in upright]


class OtherNumpy(Tensor):
    """torch that was built for another numpy than the one that is installed."""

    def numpy(self) -> Any:
        raise RuntimeError("Numpy is not available")

    def permute(self, *order: int) -> "OtherNumpy":
        return OtherNumpy(super().permute(*order)._nested)

    def float(self) -> "OtherNumpy":
        return self


def test_a_tensor_that_cannot_go_through_numpy_is_still_a_picture() -> None:
    run = begin()
    run.log_image("tensor", OtherNumpy([[[0.0, 1.0]]]))
    data = (run.dir / "artifacts" / only_event(run)["file"]).read_bytes()
    assert list(pixels(data)) == [0, 255]


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
