"""A mapping of metrics as text: the quick way for plain numbers, the patient one for everything else."""

from __future__ import annotations

from whirr import _values
from whirr.wire import jsontext
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Complain = Callable[[str, Exception | str], None]

RESERVED = frozenset({"_idx", "_timestamp"})
LONGEST_KEY = 255  # characters: the server keeps no longer ones
_MOST_KEYS = 10_000  # that are remembered


class Encoder:
    """Remembers each key as JSON, since a training logs the same few all night."""

    def __init__(self, complain: Complain, say: Complain) -> None:
        self._complain = complain
        self._say = say  # nothing is lost
        self._heads: dict[Any, str] = {}

    def body(self, values: Any, step: Any) -> str:
        """`,"step":3,"loss":0.5`; empty where nothing is left to write. What is no number is complained of.

        Raises TypeError where `values` are no mapping, and whatever a mapping of somebody's raises.
        """
        if type(values) is dict and (step is None or type(step) is int):
            text = "" if step is None else f',"step":{step}'
            heads = self._heads
            try:
                for key, value in values.items():
                    kind = type(value)
                    # NaN and the infinities minus themselves are NaN
                    if (kind is not float and kind is not int) or value - value != 0:
                        break
                    text += f"{heads[key]}{value!r}"
                else:
                    if values and (step is None or -_values.STEPS <= step < _values.STEPS):
                        return text
            except (KeyError, ValueError, TypeError, RuntimeError):
                pass  # a new key, an endless integer, a dictionary that another thread changes
        return self._patiently(values, step)

    def _patiently(self, values: Any, step: Any) -> str:
        if not hasattr(values, "items"):
            raise TypeError(f"a dictionary of numbers is wanted, not a {type(values).__name__}")
        parts = []
        for key, value in list(_values.flatten(values)):
            if key == "step":
                step = value if step is None else step
                continue
            try:
                parts.append(self._head(key) + _values.word(_values.number(value)))
            except (TypeError, ValueError) as error:
                self._complain(f"the metric {key[:100]!r}", error)
        at = self.step(step)
        if at is not None and parts:
            parts.insert(0, f',"step":{at}')
        return "".join(parts)

    def step(self, value: Any) -> int | None:
        """A whole number of 64 bits; None, and a complaint, for what is none."""
        if value is None:
            return None
        try:
            said = _values.number(value)
            at = _values.step(said)
        except (TypeError, ValueError) as error:
            self._complain("the step", error)
            return None
        if at != said:
            self._say("a fractional step", f"a step is a whole number; {said} is recorded as {at}")
        return at

    def _head(self, key: str) -> str:
        """`,"loss":`. Raises ValueError for a name that cannot be a metric's."""
        head = self._heads.get(key)
        if head is None:
            if key in RESERVED:
                raise ValueError("this name is whirr's own")
            if len(key) > LONGEST_KEY:
                raise ValueError(
                    f"its name has {len(key)} characters, and at most {LONGEST_KEY} are kept"
                )
            head = f",{jsontext.dumps(key).decode()}:"
            if len(self._heads) < _MOST_KEYS:
                self._heads[key] = head
        return head
