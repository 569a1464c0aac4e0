"""What surrounds the runs of seed.py: files of each kind, the code they ran from, packages, notes.

Everything is small, and made here: an image of 64 pixels, a second of sound, a table of 500 rows.
"""

import io
import json
import math
import struct
import wave
import zlib
from datetime import datetime
from typing import Any

from runs import annotating, artifacts, documents
from runs.annotating import Change
from runs.models import Run
from whirr_site.access.principals import Principal

ADA = Principal("ada", frozenset({"submit", "read"}))

NOTES = """## What this showed

The **smaller** learning rate wins after epoch 20, see <https://example.org/paper> and [the run before](/runs/job-3/).

- warm-up: `5` epochs
- ~~momentum~~ made no difference

| lr | accuracy |
| --- | --- |
| 0.1 | 0.931 |
| 0.03 | 0.945 |

```python
for batch in loader:
    loss = model(batch).mean()
```
"""
GIT = {
    "commit": "4f1c9a0d2b7e6653f0c8a1d94b2e7f5a6c3d8e90",
    "branch": "warmup",
    "remote": "git@example.org:lab/vision.git",
    "dirty": True,
    "diff_bytes": 900,
    "diff_truncated": False,
    "untracked": ["notes.txt", "data/labels.csv"],
    "untracked_truncated": False,
}
DIFF = '''diff --git a/train.py b/train.py
index 1b2c3d4..5e6f7a8 100644
--- a/train.py
+++ b/train.py
@@ -10,5 +10,7 @@ def step(model, batch, lr):
     """One step."""
     loss = model(batch).mean()
     loss.backward()
-    clip_grad_norm_(model.parameters(), 5.0)
+    # Larger norms blew up after epoch 3.
+    clip_grad_norm_(model.parameters(), 1.0)
+    log({"loss": loss.item(), "lr": lr})
     return loss
diff --git a/configs/base.yaml b/configs/base.yaml
new file mode 100644
index 0000000..2f3e4d5
--- /dev/null
+++ b/configs/base.yaml
@@ -0,0 +1,3 @@
+lr: 0.03
+warmup: 5
+name: "digits"
diff --git a/old.py b/old.py
deleted file mode 100644
index 9a8b7c6..0000000
--- a/old.py
+++ /dev/null
@@ -1 +0,0 @@
-print("unused")
'''
PACKAGES = {"numpy": "2.1.3", "torch": "2.5.1", "torchvision": "0.20.1", "tqdm": "4.67.0"}


def furnish(run: Run, *, lr: float, now: datetime) -> None:
    """A run that keeps a bit of everything, and says what it ran from."""
    surround(run, {**PACKAGES, "whirr": "1.0.0", "Pillow": f"11.{round(lr * 100)}.0"})
    rows = "".join(f"{n},{1 / (1 + n):.5f},digit {n % 10}\n" for n in range(500))
    kept = {
        "figures/confusion.png": picture(),
        "figures/sketch.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>\n',
        "report.md": NOTES.encode(),
        "report.html": b"<!doctype html><title>x</title><script>alert(1)</script>\n",
        "tables/errors.csv": f"step,error,label\n{rows}".encode(),
        "tables/best.json": json.dumps([{"epoch": n, "acc": n / 9} for n in range(9)]).encode(),
        "config/full.json": json.dumps({"model": {"layers": [{"width": 64}] * 3}}).encode(),
        "src/train.py": b'def step(batch):\n    """One step."""\n    return sum(batch) / len(batch)\n',
        "sound/tone.wav": sound(),
        "checkpoints/last.pt": bytes(range(256)) * 40,
    }
    for path, data in kept.items():
        keep(run, path, data, now=now)
    annotating.annotate(run.key, Change(notes=NOTES), by=ADA, now=now)


def surround(run: Run, packages: dict[str, str], *, diff: str = DIFF) -> None:
    """Python, packages, commit and what was changed since."""
    meta = {
        "python": "3.11.7",
        "argv": ["train.py", "--lr", "0.03"],
        "hostname": "gpu-a",
        "pid": 4711,
    }
    text = "".join(f"{name}=={version}\n" for name, version in packages.items())
    for name, data in (
        ("meta.json", json.dumps(meta)),
        ("git.json", json.dumps(GIT)),
        ("git.diff", diff),
        ("requirements.txt", text),
    ):
        documents.put(run, run.attempt, name, data.encode())


def keep(run: Run, path: str, data: bytes, *, now: datetime) -> None:
    artifacts.receive(run, run.attempt, path, offset=0, size=len(data), data=data, now=now)


def picture(side: int = 64) -> bytes:
    """A PNG of a colour gradient."""
    rows = b"".join(
        b"\0" + bytes(each for x in range(side) for each in (4 * x, 4 * y, 160))
        for y in range(side)
    )
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def sound(rate: int = 8000) -> bytes:
    """Half a second of a tone, as WAV."""
    told = io.BytesIO()
    with wave.open(told, "wb") as file:
        told_as: Any = (1, 2, rate, 0, "NONE", "")
        file.setparams(told_as)
        waves = (int(8000 * math.sin(n * 0.3)) for n in range(rate // 2))
        file.writeframes(b"".join(struct.pack("<h", each) for each in waves))
    return told.getvalue()
