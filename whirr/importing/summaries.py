"""TensorBoard's summaries as metrics and events: the old forms (simple_value, image, …), and tensors with a plugin."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from whirr.importing import tensors
from whirr.importing.folders import Draft
from whirr.importing.protobuf import (
    Value,
    content,
    double,
    fields,
    many,
    single,
    text,
    whole,
)

SIMPLE, IMAGE, HISTOGRAM, AUDIO, TENSOR, METADATA = 2, 4, 5, 6, 8, 9  # fields of Summary.Value
HUGE = 1e300  # an edge that stands for "and all beyond"
RESERVED = {"_idx", "_timestamp", "step"}
ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "wav"}
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
SESSION_ENDS = {1: "completed", 2: "failed"}


class Reader:
    """Summaries of one run. Which plugin a tag belongs to may be told with its first value alone."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._plugins: dict[str, str] = {}
        self._at = 0.0
        self._step = 0

    def read(self, summary: bytes, *, at: float, step: int) -> None:
        """Take over all values of a summary. Raises Malformed."""
        self._at, self._step = at, step
        for number, value in fields(summary):
            if number == 1:
                self._value(content(value))

    def _value(self, data: bytes) -> None:
        tag, told = "", dict[int, Value]()
        for number, value in fields(data):
            if number == 1:
                tag = text(value)
            else:
                told[number] = value
        if METADATA in told:
            self._metadata(tag, content(told[METADATA]))
        for number, take in self._takers().items():
            if number in told:
                take(tag, told[number])

    def _takers(self) -> dict[int, Callable[[str, Value], None]]:
        return {
            SIMPLE: lambda tag, value: self._number(tag, single(value)),
            IMAGE: self._old_image,
            HISTOGRAM: self._old_histogram,
            AUDIO: self._old_audio,
            TENSOR: self._tensor,
        }

    def _metadata(self, tag: str, data: bytes) -> None:
        for number, value in fields(data):
            if number != 1:
                continue
            plugin = dict(fields(content(value)))
            name = text(plugin.get(1, b""))
            self._plugins[tag] = name
            if name == "hparams":
                self._hparams(content(plugin.get(2, b"")))

    def _number(self, tag: str, value: float) -> None:
        key = tag
        if tag in RESERVED:
            key = f"scalar/{tag}"
            self.draft.remark(f"the scalar {tag!r} is called {key!r} here")
        self.draft.metrics(self._at, self._step, {key: value})

    def _event(self, kind: str, tag: str, **body: Any) -> None:
        self.draft.event(self._at, self._step, kind, tag, **body)

    def _old_image(self, tag: str, value: Value) -> None:
        told = dict(fields(content(value)))
        self._picture(tag, content(told.get(4, b"")), whole(told.get(2, 0)), whole(told.get(1, 0)))

    def _picture(self, tag: str, data: bytes, width: int, height: int) -> None:
        file = self._media("images", tag, data, "png")
        self._event("image", tag, file=file, width=width, height=height)

    def _old_audio(self, tag: str, value: Value) -> None:
        told = dict(fields(content(value)))
        file = self._media("audio", tag, content(told.get(4, b"")), "wav")
        self._event("audio", tag, file=file)

    def _media(self, folder: str, tag: str, data: bytes, usual: str) -> str:
        ending = next((end for start, end in ENDINGS.items() if data.startswith(start)), usual)
        name = UNSAFE.sub("-", tag).strip("-.")[:80] or "untitled"
        digest = hashlib.sha256(data).hexdigest()[:8]
        return self.draft.artifact(f"media/{folder}/{name}-{self._step}-{digest}.{ending}", data)

    def _old_histogram(self, tag: str, value: Value) -> None:
        low, high, limits, counts = 0.0, 0.0, list[float](), list[float]()
        for number, part in fields(content(value)):
            if number == 1:
                low = double(part)
            elif number == 2:
                high = double(part)
            elif number == 6:
                limits += many(part, "d")
            elif number == 7:
                counts += many(part, "d")
        if limits and len(limits) == len(counts):
            self._histogram(tag, [min(low, limits[0]), *limits], counts, low, high)

    def _histogram(
        self, tag: str, edges: list[float], counts: list[float], low: float, high: float
    ) -> None:
        """`edges` has one more than `counts`; edges that mean "all beyond" become the least and largest value."""
        full = [place for place, count in enumerate(counts) if count]
        if full:  # what is empty at either end tells nothing
            counts = counts[full[0] : full[-1] + 1]
            edges = edges[full[0] : full[-1] + 2]
        bounded = [low if edge < -HUGE else high if edge > HUGE else edge for edge in edges]
        for place in range(1, len(bounded)):
            bounded[place] = max(bounded[place], bounded[place - 1])
        self._event("histogram", tag, edges=bounded, counts=counts)

    def _tensor(self, tag: str, value: Value) -> None:
        tensor = tensors.read(content(value))
        plugin = self._plugins.get(tag, "")
        texts, numbers = tensor.texts, tensor.numbers
        if plugin == "text" or (not plugin and texts):
            told = "\n".join(each.decode("utf-8", "replace") for each in texts)
            self._event("text", tag.removesuffix("/text_summary"), text=told)
        elif plugin == "images" and len(texts) > 2:
            for data in texts[2:]:
                self._picture(tag, data, int(texts[0]), int(texts[1]))
        elif plugin == "histograms":
            self._table_histogram(tag, numbers)
        elif plugin in ("", "scalars") and len(numbers) == 1:
            self._number(tag, numbers[0])
        elif plugin != "hparams":
            self.draft.remark(f"{tag} was left out: {plugin or 'a tensor'} has no place here")

    def _table_histogram(self, tag: str, numbers: list[float]) -> None:
        """Rows of left edge, right edge, count."""
        if not numbers:
            return
        lefts, rights, counts = numbers[0::3], numbers[1::3], numbers[2::3]
        self._histogram(tag, [*lefts[:1], *rights], counts, min(lefts), max(rights))

    def _hparams(self, data: bytes) -> None:
        for number, value in fields(data):
            if number == 3:  # session_start_info
                for inner, entry in fields(content(value)):
                    if inner == 1:
                        self._hparam(content(entry))
            elif number == 4:  # session_end_info
                status = dict(fields(content(value))).get(1, 0)
                self.draft.meta["status"] = SESSION_ENDS.get(whole(status), "completed")

    def _hparam(self, entry: bytes) -> None:
        told = dict(fields(entry))
        for number, value in fields(content(told.get(2, b""))):
            read: dict[int, Callable[[Value], Any]] = {
                2: double,
                3: text,
                4: lambda value: bool(whole(value)),
            }
            if number in read:
                self.draft.config[text(told.get(1, b""))] = read[number](value)
