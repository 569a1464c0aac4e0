"""One artifact of a run as a page shows it. Whatever cannot be shown can be downloaded, and the page says so."""

from dataclasses import dataclass

from dashboard import pictures
from dashboard.previews import kinds, tables, texts
from dashboard.previews.kinds import Kind
from dashboard.previews.tables import Table
from dashboard.previews.texts import Text
from dashboard.rendering import trees
from dashboard.rendering.trees import Tree
from runs import artifacts, contents
from runs.contents import Content
from runs.errors import DomainError, NotFound
from runs.models import Artifact, Run

JSON_LARGEST = 8 * 1024 * 1024  # bytes that are read as one value
# What a browser would take for a page of its own. They are shown as source, and given away as a download alone.
NEVER_RENDERED = (".html", ".htm", ".xhtml", ".svg", ".xml", ".js", ".mjs")


@dataclass(frozen=True, slots=True)
class Wish:
    """How much of it: bytes of a text, rows of a table; `is_source`: the text, though it could be something else."""

    limit: int = texts.FIRST
    rows: int = tables.ROWS_FIRST
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What there is to show: at most one of text, table and tree. `trouble` says why there is nothing."""

    artifact: Artifact
    kind: Kind
    wish: Wish
    text: Text | None = None
    table: Table | None = None
    tree: Tree | None = None
    trouble: str = ""

    @property
    def name(self) -> str:
        return self.artifact.path

    @property
    def sha256(self) -> str:
        return self.artifact.blob if contents.is_digest(self.artifact.blob) else ""

    @property
    def has_source(self) -> bool:
        """Whether it is shown as something else than its text, which can be looked at as well."""
        return self.kind in (Kind.MARKDOWN, Kind.TABLE, Kind.JSON)

    @property
    def is_never_rendered(self) -> bool:
        return self.kind == Kind.TEXT and self.name.lower().endswith(NEVER_RENDERED)


def preview(run: Run, attempt: int, path: str, *, wish: Wish) -> Preview:
    """The artifact of that name, as far as it can be shown. Raises NotFound where there is none of that name."""
    if attempt < 1:
        raise NotFound(f"{run.key} has not begun: it has kept nothing")
    try:
        artifact = pictures.find(run, attempt, path)
    except NotFound:
        raise
    except DomainError as error:
        raise NotFound(error.detail) from error
    try:
        content = artifacts.content(artifact)
        with content.opened(0, min(content.size, kinds.LOOKED_AT)) as file:
            kind = kinds.kind_of(path, file.read(kinds.LOOKED_AT))
        return _shown(artifact, content, kind, wish)
    except (DomainError, OSError) as error:
        return Preview(artifact, Kind.OTHER, wish, trouble=f"It cannot be read: {error}")


def _shown(artifact: Artifact, content: Content, kind: Kind, wish: Wish) -> Preview:
    if kind == Kind.IMAGE and content.size > pictures.LARGEST:
        return Preview(artifact, kind, wish, trouble="It is too large to be shown here.")
    if kind not in (Kind.TABLE, Kind.JSON, Kind.MARKDOWN, Kind.TEXT):
        return Preview(artifact, kind, wish)
    if kind == Kind.TABLE and not wish.is_source:
        table = tables.of_csv(content, artifact.path, rows=wish.rows)
        if table is not None:
            return Preview(artifact, kind, wish, table=table)
    if kind == Kind.JSON and not wish.is_source:
        return _json(artifact, content, wish)
    return _text(artifact, content, kind, wish)


def _text(
    artifact: Artifact, content: Content, kind: Kind, wish: Wish, trouble: str = ""
) -> Preview:
    rendered = kind == Kind.MARKDOWN and not wish.is_source
    text = texts.text(content, artifact.path, limit=wish.limit, as_markdown=rendered)
    return Preview(artifact, kind, wish, text=text, trouble=trouble)


def _json(artifact: Artifact, content: Content, wish: Wish) -> Preview:
    if content.size > JSON_LARGEST:
        return _text(artifact, content, Kind.JSON, wish, "It is too large to be read as JSON here.")
    try:
        value = tables.parsed(content.read(), by_line=not artifact.path.lower().endswith(".json"))
    except ValueError as error:
        return _text(artifact, content, Kind.JSON, wish, f"It is no JSON: {error}")
    table = tables.of_records(value, rows=wish.rows)
    if table is not None:
        return Preview(artifact, Kind.JSON, wish, table=table)
    return Preview(artifact, Kind.JSON, wish, tree=trees.tree(value))
