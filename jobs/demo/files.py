"""The files that a made-up run leaves: curves, a log with a progress bar, pictures, a table. Pure, by a fixed seed."""

import json
import math
import struct
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from jobs.demo.stories import Story

EVERY = 10  # steps between two validations
SIDE = 48  # pixels


def metrics(story: Story, begin: datetime, end: datetime, chance: Random) -> bytes:
    """metrics.jsonl, as the library writes it."""
    return b"".join(_line(each) for each in _curves(story, begin, end, chance))


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _stamp(begin: datetime, end: datetime, done: float) -> str:
    return (begin + (end - begin) * done).isoformat().replace("+00:00", "Z")


def _curves(
    story: Story, begin: datetime, end: datetime, chance: Random
) -> Iterator[dict[str, Any]]:
    for step in range(story.steps):
        done = step / max(story.steps, 1)
        loss = 0.2 + 2.1 / (1 + step * story.lr) + chance.gauss(0, 0.04) * (1.2 - done)
        if story.breaks_at is not None and step >= story.breaks_at:
            loss = math.nan
        record = {
            "_idx": step,
            "_timestamp": _stamp(begin, end, done),
            "step": step,
            "train/loss": loss if math.isnan(loss) else max(loss, 0.01),
            "train/lr": story.lr * (1 - done),
            "train/grad_norm": abs(chance.gauss(1, 0.3)) + (8 if step % 97 == 53 else 0),
        }
        if step % EVERY == 0:
            record["val/loss"] = loss * 1.1 + abs(chance.gauss(0, 0.02))
            record["val/acc"] = min(0.985, max(0.0, 1 - loss / 2.6))
        yield record


def log(story: Story) -> bytes:
    """output.log: colours, a progress bar for each epoch, and at the end what went wrong."""
    lines = ["\x1b[1mtrain.py\x1b[0m  device cuda:0, bf16, 22.1 M parameters\n"]
    for epoch in range(1, story.steps // 20 + 1):
        bar = "".join(f"\repoch {epoch:3} |{'█' * n:<10}| {n * 10:3} %" for n in range(1, 11))
        loss = 2.3 / (1 + epoch * 20 * story.lr)
        lines.append(f"{bar}\nepoch {epoch:3}  \x1b[36mloss {loss:.4f}\x1b[0m  4812 img/s\n")
        if epoch % 5 == 0:
            lines.append("\x1b[33mWARNING: gradient norm 13.2 was clipped to 1.0\x1b[0m\n")
    if story.trace:
        lines.append(f"\x1b[31m{story.trace}\x1b[0m")
    elif story.exit_code == 0:
        lines.append("\x1b[32mdone\x1b[0m: model.json written\n")
    return "".join(lines).encode()


def events(story: Story, begin: datetime, end: datetime) -> bytes:
    """events.jsonl: an alert where numbers ended, pictures and a table of mistakes."""
    found: list[dict[str, Any]] = []
    if story.breaks_at is not None:
        told = {"title": "loss is NaN", "text": f"since step {story.breaks_at}", "level": "error"}
        found.append({"type": "alert", "step": story.breaks_at, **told})
    for step in story.shown:
        image = {"file": picture_path(step), "width": SIDE, "height": SIDE}
        found.append({"type": "image", "key": "attention", "step": step, **image})
    if story.pictures:
        rows = [["cat", "lynx", 0.41], ["tram", "bus", 0.38], ["4", "9", 0.77]]
        table = {"columns": ["picture", "guess", "certainty"], "rows": rows}
        found.append({"type": "table", "key": "mistakes", "step": story.shown[-1], **table})
    at = [(each["step"] or 0) / max(story.steps, 1) for each in found]
    return b"".join(
        _line({"_idx": index, "_timestamp": _stamp(begin, end, at[index]), **each})
        for index, each in enumerate(found)
    )


def picture_path(step: int) -> str:
    return f"media/images/attention-{step}.png"


def picture(step: int, seed: int) -> bytes:
    """A PNG of a soft blob that wanders with the step (RFC 2083: signature, IHDR, IDAT, IEND)."""
    cx, cy = SIDE / 2 + 14 * math.sin(step / 40 + seed), SIDE / 2 + 14 * math.cos(step / 55)
    rows = b"".join(
        b"\0"
        + bytes(
            channel
            for x in range(SIDE)
            for channel in _colour(math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (90 + step / 2)))
        )
        for y in range(SIDE)
    )
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _colour(heat: float) -> tuple[int, int, int]:
    return int(30 + 220 * heat), int(40 + 130 * heat * heat), int(90 + 60 * (1 - heat))


def document(content: dict[str, Any]) -> bytes:
    """config.json, meta.json, and the one artifact that each successful run keeps."""
    return json.dumps(content, indent=1).encode() + b"\n"


def times(story: Story, now: datetime) -> tuple[datetime, datetime, datetime]:
    """(queued, started, ended)"""
    start = now - timedelta(minutes=story.start)
    return (
        start - timedelta(minutes=story.waited),
        start,
        start + timedelta(minutes=story.minutes),
    )
