"""JSON by the parts of `json` that are written in C: the same texts, the same values, the same refusals."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from whirr.wire import files, jsontext

ROOT = Path(__file__).resolve().parents[2]
VALUES: list[Any] = [
    None, True, 0, -7, 10**30, 1.5, 1e300, float("inf"), "", 'é\u2028"\\\n', "\ud800", [], {}, [[]], [{}, 1],
    {"a": {"b": [1, None, "x"]}, "c": []}, {1: "a number for a name"},
]  # fmt: skip
NONSENSE = [b"", b" ", b"<html>", b"{", b'{"a', b"[1,]", b"1 2", b"nul", b"\xff", b'{"a":}', b"'x'"]


@pytest.mark.parametrize("value", VALUES)
def test_it_writes_what_json_writes(value: Any) -> None:
    assert jsontext.dumps(value) == json.dumps(value, separators=(",", ":")).encode()
    assert jsontext.pretty(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("value", VALUES)
def test_it_reads_what_json_reads(value: Any) -> None:
    text = b" \r\n" + json.dumps(value).encode() + b"\n"
    assert jsontext.loads(text) == json.loads(text)


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(TypeError):
        jsontext.dumps({"a": {1, 2}})


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        jsontext.loads(text)


@pytest.mark.parametrize("before", ["", "sys.modules['_json'] = None; "])
def test_nonsense_is_one_where_json_is_not_loaded_or_its_parts_are_missing(before: str) -> None:
    code = f"""
import sys; {before}sys.path.append({str(ROOT)!r})
from whirr.wire import jsontext
for text in {NONSENSE!r}:
    try:
        jsontext.loads(text)
    except ValueError:
        continue
    print("taken:", text)
print(jsontext.loads(b'{{"a": [1.5, null]}}'), jsontext.dumps([1, "x"]).decode())
"""
    command = [sys.executable, "-I", "-S", "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "{'a': [1.5, None]} [1,\"x\"]\n"


def test_a_file_that_is_nested_too_deeply_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    assert files.read_json_object(tmp_path / "meta.json") is None
