"""Failures that are the same one: what was said last, without what differs from run to run.

Numbers, addresses, paths and quoted names go; what is left is the signature by which failures are grouped. After the
idea of log templates (He et al., "Drain: an online log parsing approach with fixed depth tree", 2017), with fixed
rules in place of the tree: they are the same in every process and after every restart.
"""

import re
from dataclasses import dataclass

LONGEST = 160

# An exception as Python prints it: `torch.OutOfMemoryError: CUDA out of memory. Tried …`
RAISED = re.compile(
    r"^(?:[A-Za-z_][\w.]*\.)?([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Failure))\b:? ?(.*)$"
)
TELLING = re.compile(
    r"\b(?:error|fatal|killed|segmentation fault|no space left|not found|denied|out of memory|assert\w*|abort\w*)\b",
    re.IGNORECASE,
)
OOM = re.compile(r"CUDA out of memory|CUDA error: out of memory", re.IGNORECASE)
DIFFERING = (
    (re.compile(r"0x[0-9a-fA-F]+"), "#"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "#"),
    (re.compile(r"(?:/[\w.@+\-]+){2,}/?"), "…"),
    (re.compile(r"'[^']{1,200}'|\"[^\"]{1,200}\""), "…"),
    (re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?"), "#"),
    (re.compile(r"\s+"), " "),
)
LINES = 12  # from the end, among which the telling one is looked for


@dataclass(frozen=True, slots=True)
class Signature:
    """`key` is what equal failures share; `words` is how people are told of them."""

    key: str
    words: str


def of(lines: list[str], *, reason: str) -> Signature:
    """The signature of a failure by the last lines of its log; by the queue's own words where they say nothing."""
    said = telling_line(lines)
    text = said or reason or "failed without a word"
    words = _words(text)
    return Signature(_without_what_differs(words), words)


def telling_line(lines: list[str]) -> str:
    """The line that says what went wrong: the last exception, else the last line that speaks of an error."""
    last = [line.strip() for line in lines if line.strip()][-LINES:]
    for line in reversed(last):
        if RAISED.match(line):
            return line
    return next((line for line in reversed(last) if TELLING.search(line)), "")


def _words(text: str) -> str:
    """Short: the class without its module, the first sentence of what it says."""
    if OOM.search(text):
        return "CUDA out of memory"
    found = RAISED.match(text)
    if found is None:
        return _cut(text)
    sentence = re.split(r"(?<=[^\d\s])\. ", found[2], maxsplit=1)[0]
    return _cut(f"{found[1]}: {sentence}" if sentence else found[1])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _without_what_differs(text: str) -> str:
    for pattern, instead in DIFFERING:
        text = pattern.sub(instead, text)
    return text.strip().casefold()
