"""How each library is used, as its own introduction shows it. One module is loaded, in that library's environment.

Each has `begin()`, which starts a run in the current folder with everything that the library does by default, and
`stored()`, which reads back in a fresh process how many points are there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Begun(NamedTuple):
    """A run: `log(values, step=n)`, and `finish()`, after which all of it shall be durable."""

    log: Callable[..., Any]
    finish: Callable[[], Any]
