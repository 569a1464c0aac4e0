"""Packed bodies: understood, bounded before they fill the memory, and refused where they are cut off."""

import gzip
import tracemalloc
import zlib

import pytest

from runs.api.calls import unpacked, whole
from runs.errors import Invalid, TooLarge


@pytest.mark.parametrize("data", [b"", b"a", b"line\n" * 1000, bytes(range(256))])
def test_what_was_packed_comes_out(data: bytes) -> None:
    assert unpacked(gzip.compress(data), "gzip", limit=10_000) == data


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_plain_body_is_left_alone(encoding: str) -> None:
    assert unpacked(b"\x1f\x8b plain", encoding, limit=1) == b"\x1f\x8b plain"


def test_exactly_the_limit_is_allowed_and_one_byte_more_is_not() -> None:
    assert len(unpacked(gzip.compress(b"x" * 1000), "gzip", limit=1000)) == 1000
    with pytest.raises(TooLarge, match="1000 bytes"):
        unpacked(gzip.compress(b"x" * 1001), "gzip", limit=1000)


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=1)
    tracemalloc.start()
    with pytest.raises(TooLarge):
        unpacked(bomb, "gzip", limit=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 20])
def test_a_body_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(Invalid):
        unpacked(gzip.compress(bytes(range(200)))[:-cut], "gzip", limit=1000)


@pytest.mark.parametrize("body", [b"plain text", zlib.compress(b"x"), b"\x1f\x8b\x08junk", b""])
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        unpacked(body, "gzip", limit=1000)


def test_damaged_bytes_are_refused() -> None:
    packed = bytearray(gzip.compress(b"some text that is long enough" * 10))
    packed[-6] ^= 0xFF
    with pytest.raises(Invalid):
        unpacked(bytes(packed), "gzip", limit=1000)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "GZIP "])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(Invalid, match="gzip or nothing"):
        unpacked(b"x", encoding, limit=10)


@pytest.mark.parametrize("raw", ["", "x", "1.5", "--5", "-", "²", "1" * 5000, "0x10"])
def test_a_query_that_is_no_whole_number_is_refused(raw: str) -> None:
    with pytest.raises(Invalid):
        whole({"offset": raw}, "offset")


def test_a_whole_number_of_the_query() -> None:
    assert whole({"offset": "-12"}, "offset") == -12
    assert whole({}, "offset", 7) == 7
