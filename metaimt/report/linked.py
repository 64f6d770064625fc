"""Numbers inside sentences of the older kind: each count goes through a `Link`, which `plain` leaves alone.

Goes when the last section is made of `Text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from metaimt.analyses.wording import Link, plain
from metaimt.model.count import Behind, Count, Reports
from metaimt.model.text import Piece, Text
from metaimt.model.unit import Unit
from metaimt.render.html import Numbers, shown, together, visible

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["Link", "Linker", "plain", "shown", "visible"]


class Linker(Numbers):
    """A `Link` for the page, and the markup of its sentences.

    content: all that the review's files say. The marks carry its digest, so that no text of a file can hold one: it
    would contain its own digest.
    """

    def __init__(self, units: Mapping[str, tuple[Unit, str]], content: str) -> None:
        super().__init__(units)
        self._made: list[tuple[str, Behind]] = []
        secret = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        self._start, self._end = f"\ue000{secret}:", "\ue001"
        self._mark = re.compile(f"{self._start}([0-9]+){self._end}")

    def __call__(self, text: str, behind: Behind) -> str:
        """A mark for the sentence."""
        self._made.append((text, behind))
        return f"{self._start}{len(self._made) - 1}{self._end}"

    def reports(self, count: Count) -> Reports:
        """The reports of a count."""
        return Reports(count)

    def sentence(self, text: Text | Piece) -> Markup:
        """A text with its counts as buttons, everything else escaped and visible; of a `str` the marks are these."""
        from markupsafe import Markup, escape

        if not isinstance(text, str):
            return super().sentence(text)
        parts = self._mark.split(text)  # words and the numbers of marks, in turn
        made = [escape(shown(parts[0]))]
        for number, after in zip(parts[1::2], parts[2::2], strict=True):
            made += [self.button(*self._made[int(number)]), escape(shown(after))]
        return together(Markup("").join(made))
