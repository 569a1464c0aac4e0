"""Pictures as the bytes of a file: from a path, bytes, PIL, matplotlib, numpy or torch, importing none of them."""

from __future__ import annotations

import io
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

LARGEST = 32 * 1024 * 1024  # bytes of a picture
_LONGEST_SIDE = 32_768
_COLOURS = {1: 0, 3: 2, 4: 6}  # channels: PNG's colour type
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_QUICK = 3  # zlib's level: training waits for it


class Picture(NamedTuple):
    data: bytes
    ending: str
    width: int
    height: int


def picture(image: Any) -> Picture:
    """Raises OSError for a file that cannot be read, TypeError or ValueError for what is no picture."""
    data = _bytes_of(image)
    if len(data) > LARGEST:
        raise ValueError(f"the picture has more than {LARGEST} bytes")
    for ending, size_in in _FORMATS.items():
        size = size_in(data)
        if size is not None:
            return Picture(data, ending, *size)
    raise ValueError("this is no PNG, JPEG, GIF or WebP picture")


def _bytes_of(image: Any) -> bytes:
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        if not path.is_file() and path.exists():  # a pipe would never end
            raise ValueError(f"{path} is no plain file")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    for method in ("savefig", "save"):  # matplotlib's figures; PIL's images
        save = getattr(image, method, None)
        if callable(save):
            target = io.BytesIO()
            save(target, format="png")
            return target.getvalue()
    if hasattr(image, "shape") and hasattr(image, "tolist"):
        return _from_array(image)
    raise TypeError(f"a {type(image).__name__} is no picture: see `log_image` in the documentation")


def _from_array(image: Any) -> bytes:
    array, height, width, channels = _upright(image)
    if (
        channels not in _COLOURS
        or not 0 < height <= _LONGEST_SIDE
        or not 0 < width <= _LONGEST_SIDE
    ):
        raise ValueError(
            f"an array of shape {tuple(image.shape)} is no picture: H x W, H x W x 3 or H x W x 4 are"
        )
    return png(_octets(array), width=width, height=height, channels=channels)


def _upright(image: Any) -> tuple[Any, int, int, int]:
    """The array with its channels last, and its height, width and channels."""
    if hasattr(image, "detach"):  # torch: off the GPU, and off the graph
        image = image.detach().cpu()
    shape = tuple(int(side) for side in image.shape)
    if len(shape) == 2:
        return image, *shape, 1
    if len(shape) != 3:
        return image, 0, 0, 0
    first = shape[0] in _COLOURS and (hasattr(image, "permute") or shape[2] not in _COLOURS)
    if first:
        image = image.permute(1, 2, 0) if hasattr(image, "permute") else image.transpose(1, 2, 0)
        shape = (*shape[1:], shape[0])
    return image, *shape


def _octets(array: Any) -> bytes:
    """Row by row, 0..255 each. Floats are 0..1, integers 0..255; what lies outside is brought to the nearest end."""
    array = _of_numpy(array)
    kind = str(array.dtype)
    if kind == "uint8" and hasattr(array, "tobytes"):
        return bytes(array.tobytes())
    factor = 255 if "float" in kind or kind.endswith("bool") else 1
    if hasattr(array, "astype"):  # numpy's own methods, many times as fast as a loop
        scaled = array.astype("float64") * factor
        scaled[scaled != scaled] = 0
        return bytes(scaled.clip(0, 255).round().astype("uint8").tobytes())
    return bytes(_octet(value * factor) for value in _flat(array.tolist()))


def _of_numpy(array: Any) -> Any:
    """torch's as numpy's, where the training has numpy: as many times as fast."""
    if hasattr(array, "astype") or not hasattr(array, "numpy") or "numpy" not in sys.modules:
        return array
    try:
        plain = array.float() if "float" in str(array.dtype) else array  # numpy knows no bfloat16
        return plain.numpy()
    except (RuntimeError, TypeError):  # torch that was built for another numpy
        return array


def _octet(value: float) -> int:
    return round(min(255, max(0, value))) if value == value else 0  # NaN is not itself


def _flat(nested: Any) -> list[Any]:
    while nested and isinstance(nested[0], list):
        nested = [value for row in nested for value in row]
    return list(nested)


def png(octets: bytes, *, width: int, height: int, channels: int) -> bytes:
    """A PNG file (ISO/IEC 15948): 8 bits a channel, each row without a filter."""
    row = width * channels
    lines = b"".join(b"\0" + octets[at : at + row] for at in range(0, row * height, row))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, _QUICK)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(_SIGNATURE) or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _gif_size(data: bytes) -> tuple[int, int] | None:
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 10:
        return None
    width, height = struct.unpack("<HH", data[6:10])
    return width, height


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the first start-of-frame marker (C0 to CF, but C4, C8 and CC, which are something else)."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


_FORMATS = {"png": _png_size, "jpg": _jpeg_size, "gif": _gif_size, "webp": _webp_size}
