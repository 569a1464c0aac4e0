"""Both themes are legible: text by WCAG AA, lines and states by the 3:1 of graphical objects."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "dashboard" / "static" / "dashboard" / "tokens.css"
TEXT = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-soft", "accent")
        for ground in ("paper", "panel", "sunken")
    ),
    ("accent-ink", "accent"),
    ("log-ink", "log-paper"),
    *((tone, f"{tone}-wash") for tone in ("accent", "good", "bad", "warn")),
    *((f"ansi-{n}", "log-paper") for n in range(16)),
]
LINES = [
    *((f"series-{n}", "panel") for n in range(8)),
    *((f"ramp-{n}", "panel") for n in range(9)),
]


def theme(name: str) -> dict[str, str]:
    light, dark = TOKENS.read_text().split(':root[data-theme="dark"]')
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if name == "light" else dark))


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        share = int(part, 16) / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (LINES, 3.0)], ids=["text", "lines"])
def test_contrast(name: str, pairs: list[tuple[str, str]], least: float) -> None:
    colours = theme(name)

    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}

    assert not {pair: ratio for pair, ratio in found.items() if ratio < least}
