"""What a run logs besides numbers: alerts, texts, images, tables and histograms, a line of events.jsonl each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable

from whirr import _values
from whirr.wire import jsontext, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

LEVELS = ("info", "warning", "error")
_LONGEST_KEY = 255
_LONGEST_TEXT = 256 * 1024  # bytes, as JSON
_LONGEST_CAPTION = 4096
_LARGEST_INLINE = 256 * 1024  # bytes of a table; a larger one is a file
_LARGEST_TABLE = 16 * 1024 * 1024
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


class Media:
    """The part of a run that logs them. Nothing here raises, unless the run is strict."""

    dir: Path

    @abstractmethod
    def _complain(self, subject: str, error: Exception | str) -> None: ...

    @abstractmethod
    def _step_of(self, step: Any) -> int | None: ...

    @abstractmethod
    def _append_event(self, body: str) -> None: ...

    def alert(self, title: str, text: str = "", level: str = "warning") -> None:
        """Tell whoever watches the run. `level` is info, warning or error."""
        if level not in LEVELS:
            self._complain("an alert", f"level {level!r} is none of {', '.join(LEVELS)}")
            level = "warning"

        def facts(key: str, step: int | None) -> dict[str, Any]:
            return {"title": key, "text": self._short("an alert", text), "level": level}

        self._event("alert", title, None, facts)

    def log_text(self, key: str, text: str, step: int | None = None) -> None:
        """A text, up to 256 KiB: what a language model answered, a report."""
        self._event(
            "text", key, step, lambda key, step: {"text": self._short(f"the text {key!r}", text)}
        )

    def log_image(
        self, key: str, image: Any, step: int | None = None, caption: str | None = None
    ) -> None:
        """A picture, up to 32 MiB.

        `image` is a path or the bytes of a PNG, JPEG, GIF or WebP file, an image of PIL, a figure of matplotlib, or
        an array: H x W or H x W x 3 or 4 (torch: C x H x W, too), integers of 0 to 255 or floats of 0 to 1.
        """

        def facts(key: str, step: int | None) -> dict[str, Any]:
            from whirr import _images  # noqa: PLC0415  (most runs log none)

            found = _images.picture(image)
            file = self._keep("images", key, step, found.ending, found.data)
            told = {"file": file, "width": found.width, "height": found.height}
            return told if caption is None else {**told, "caption": str(caption)[:_LONGEST_CAPTION]}

        self._event("image", key, step, facts)

    def log_table(
        self,
        key: str,
        data: Any = None,
        *,
        columns: Iterable[Any] | None = None,
        rows: Iterable[Any] | None = None,
        step: int | None = None,
    ) -> None:
        """A table of up to 10,000 rows: `columns=` and `rows=`, or a DataFrame, or a list of dictionaries."""

        def facts(key: str, step: int | None) -> dict[str, Any]:
            from whirr import _tables  # noqa: PLC0415  (most runs log none)

            found = _tables.table(data, columns, rows)
            if found.over:
                self._complain(f"the table {key!r}", found.over)
            told = {"columns": found.columns, "rows": found.rows}
            text = jsontext.dumps(told)
            if len(text) <= _LARGEST_INLINE:
                return told
            if len(text) > _LARGEST_TABLE:
                raise ValueError(f"it has {len(text)} bytes, and at most {_LARGEST_TABLE} are kept")
            return {"file": self._keep("tables", key, step, "json", text)}

        self._event("table", key, step, facts)

    def log_histogram(
        self,
        key: str,
        values: Any = None,
        *,
        bins: int = 64,
        edges: Iterable[Any] | None = None,
        counts: Iterable[Any] | None = None,
        step: int | None = None,
    ) -> None:
        """How values are distributed: numbers, counted into up to 512 bins; or n + 1 `edges=` and n `counts=`."""

        def facts(key: str, step: int | None) -> dict[str, Any]:
            from whirr import _histograms  # noqa: PLC0415  (most runs log none)

            return _histograms.histogram(values, bins=bins, edges=edges, counts=counts)

        self._event("histogram", key, step, facts)

    def _event(
        self, kind: str, key: Any, step: Any, facts: Callable[[str, int | None], dict[str, Any]]
    ) -> None:
        subject = f"the {kind}"
        try:
            named = _values.name_of(key)
            subject = f"the {kind} {named[:100]!r}"
            if not named or len(named) > _LONGEST_KEY:
                raise ValueError(
                    f"its name has {len(named)} characters; 1 to {_LONGEST_KEY} are kept"
                )
            at = self._step_of(step)
            record = {} if at is None else {"step": at}
            line = jsontext.dumps({**record, "type": kind, "key": named, **facts(named, at)})
            self._append_event("," + line[1:-1].decode())
        except Exception as error:  # what somebody's object does in there is not for us to know
            self._complain(subject, error)

    def _short(self, subject: str, text: Any) -> str:
        """As much of a text as is kept."""
        whole = _values.name_of(text)
        kept = whole[:_LONGEST_TEXT]
        while (
            length := len(jsontext.dumps(kept))
        ) > _LONGEST_TEXT:  # a letter may take twelve bytes
            kept = kept[: len(kept) * _LONGEST_TEXT // length - 1]
        if len(kept) < len(whole):
            self._complain(
                subject, f"only the first {len(kept)} of {len(whole)} characters are kept"
            )
        return kept

    def _keep(self, folder: str, key: str, step: int | None, ending: str, data: bytes) -> str:
        """Keep a file; its name below artifacts/. The same content has the same name. Raises OSError."""
        import hashlib  # noqa: PLC0415  (most runs log none)

        from whirr import _artifacts  # noqa: PLC0415

        plain = "".join(letter if letter in _PLAIN else "-" for letter in key).strip(".-")[:80]
        parts = [plain or "untitled", *([] if step is None else [str(step)])]
        digest = hashlib.sha256(data).hexdigest()[:12]
        name = f"media/{folder}/{'-'.join([*parts, digest])}.{ending}"
        _artifacts.write(data, self.dir / layout.ARTIFACTS, name)
        return name
