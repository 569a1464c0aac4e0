"""Documentation that lies fails the build."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from whirr.cli.main import whirr

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]

READ = re.compile(r'env\.\w+\(\s*"(WHIRR_\w+)"')
DESCRIBED = re.compile(r"^## (WHIRR_\w+)\s*$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
ATTRIBUTE = re.compile(r"<(?:img|source|a)\b[^>]*?\b(?:src|srcset|href)=\"([^\"]+)\"")
CODE = re.compile(r"^( *)(```|~~~).*?^\1\2", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MAKE = r"make (?:[A-Z]+=\S+ )*([a-z][a-z-]*)"
MAKE_IN_PROSE = re.compile(rf"(?:`|^ {{4,}}(?:\$ )?){MAKE}", re.MULTILINE)
MAKE_IN_CODE = re.compile(rf"(?:^ *|\$ |&& |; ){MAKE}", re.MULTILINE)


def pages() -> list[Path]:
    folders = (DOCS, ROOT / "examples", ROOT / "docker", ROOT / "benchmarks")
    return [*PAGES, *(path for folder in folders for path in sorted(folder.rglob("*.md")))]


def links(text: str) -> list[str]:
    """The targets of a page's links and pictures, those in code blocks aside."""
    prose = CODE.sub("", text)
    return [*LINK.findall(prose), *ATTRIBUTE.findall(prose)]


def local_links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Each link that leads into this repository: as written, the file it means, the heading."""
    for target in links(page.read_text()):
        if not re.match(r"[a-z][a-z+.-]*:", target):
            path, _, heading = target.partition("#")
            yield target, (page.parent / path).resolve() if path else page, heading


def headings(text: str) -> set[str]:
    """As GitHub writes them into links."""
    titles = HEADING.findall(CODE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> list[str]:
    return [
        f"{page.name} → {target}"
        for target, path, heading in local_links(page)
        if not path.exists() or (heading and heading not in headings(path.read_text()))
    ]


def make_targets(text: str) -> set[str]:
    """What the page tells people to make."""
    code = "\n".join(block.group() for block in CODE.finditer(text))
    return {*MAKE_IN_PROSE.findall(CODE.sub("", text)), *MAKE_IN_CODE.findall(code)}


def test_the_settings_page_names_the_variables_that_are_read_and_no_others() -> None:
    files = (ROOT / "whirr_site" / "settings").glob("*.py")
    read = {name for path in files for name in READ.findall(path.read_text())}
    assert read
    assert set(DESCRIBED.findall((DOCS / "settings.md").read_text())) == read


def test_the_page_of_commands_names_every_command() -> None:
    page = (DOCS / "cli.md").read_text()
    commands = whirr.list_commands(click.Context(whirr))
    assert commands
    assert not [name for name in commands if not re.search(rf"\bwhirr {re.escape(name)}\b", page)]


def test_the_make_targets_that_are_named_exist() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    named = {name: page.name for page in pages() for name in make_targets(page.read_text())}
    assert not {name: page for name, page in named.items() if name not in targets}


def test_the_readme_names_the_two_commands_of_a_newcomer() -> None:
    assert {"demo", "test"} <= make_targets((ROOT / "README.md").read_text())


def test_every_page_can_be_reached_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [INDEX]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md" and page.exists():
            reached.add(page)
            waiting += [path for _, path, _ in local_links(page)]
    assert not set(DOCS.rglob("*.md")) - reached


def test_no_link_leads_nowhere() -> None:
    assert not [broken for page in pages() for broken in broken_links(page)]


class TestTheChecksCanFail:
    def test_variables_are_found_however_the_call_is_wrapped(self) -> None:
        source = 'env.flag(\n    "WHIRR_A", default=False) or env.text("WHIRR_B")'
        assert READ.findall(source) == ["WHIRR_A", "WHIRR_B"]

    def test_links_are_found_and_code_is_passed_over(self) -> None:
        text = 'see [a](b.md#c)\n```\n[x](y)\n```\n<img alt="" src="d.png">'
        assert links(text) == ["b.md#c", "d.png"]

    def test_a_broken_link_is_found(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("# One\n[a](page.md#one) [b](#two) [c](gone.md) [d](https://x.org)")
        assert broken_links(page) == ["page.md → #two", "page.md → gone.md"]

    def test_make_targets_are_found_in_code_alone(self) -> None:
        text = "`make lint`\n    make demo ONCE=1\nmake things\n```\n$ make A=1 test\n```"
        assert make_targets(text) == {"lint", "demo", "test"}
