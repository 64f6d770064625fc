"""Numbers inside sentences that lead to the patients behind them.

New sentences are a `Text` (`model.text`), which the page's `Linker` shows with its counts as buttons. Older ones take a
`Link` and put each count through it, with whom it counts; `plain`, the default everywhere, leaves the words alone, and
the page's marks become buttons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from metaimt.analyses.wording import Link, plain
from metaimt.files import for_terminal
from metaimt.model.count import OUTCOMES, RESPONSE, Behind, Count, Publications, Reports
from metaimt.model.text import Number, Piece, Text
from metaimt.model.unit import Unit

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["Link", "Linker", "first_count", "plain", "shown", "visible"]


def first_count(text: str, behind: Behind, link: Link) -> str:
    """`text` with its first whole number through `link`: of a phrase such as `not run: 7 reports with 5 or more`."""
    return re.sub(r"\d+", lambda found: link(found[0], behind), text, count=1)


class Linker:
    """A `Link` for the page, the markup of its sentences, and the sets of cases behind the numbers that it met.

    units: by id, with the title of each alone. content: all that the review's files say. The marks carry its digest, so
    that no text of a file can hold one: it would contain its own digest.
    """

    def __init__(self, units: Mapping[str, tuple[Unit, str]], content: str) -> None:
        self._units = units
        self._made: list[tuple[str, Behind]] = []
        self._places: dict[object, int] = {}
        self._sets: list[Count | Publications] = []
        secret = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        self._start, self._end = f"\ue000{secret}:", "\ue001"
        self._mark = re.compile(f"{self._start}([0-9]+){self._end}")

    def __call__(self, text: str, behind: Behind) -> str:
        """A mark for the sentence."""
        self._made.append((text, behind))
        return f"{self._start}{len(self._made) - 1}{self._end}"

    def sentence(self, text: str | Text) -> Markup:
        """A text with its counts as buttons, everything else escaped and visible; of a `str` the marks are these."""
        from markupsafe import Markup, escape

        if isinstance(text, Text):
            return _together(Markup("").join(map(self._piece, text.parts)))
        parts = self._mark.split(text)  # words and the numbers of marks, in turn
        made = [escape(shown(parts[0]))]
        for number, after in zip(parts[1::2], parts[2::2], strict=True):
            made += [self.button(*self._made[int(number)]), escape(shown(after))]
        return _together(Markup("").join(made))

    def _piece(self, piece: Piece) -> Markup:
        from markupsafe import escape

        if isinstance(piece, Number) and isinstance(piece.source, Behind):
            return self.button(piece.text, piece.source)
        return escape(shown(str(piece)))

    def button(self, text: str, behind: Behind) -> Markup:
        """A number that leads to whom it counts."""
        from markupsafe import Markup

        made = '<button type="button" class="n" data-set="{}" aria-haspopup="dialog">{}</button>'
        return Markup(made).format(self.place(behind), shown(str(text)))  # noqa: S704 - format escapes the values

    def reports(self, count: Count) -> Reports:
        """The reports of a count."""
        return Reports(count)

    def unit(self, unit_id: str) -> Count:
        """One unit alone. Raises KeyError if the review has none of this id."""
        unit, title = self._units[unit_id]
        return Count.of(title, [unit])

    def place(self, behind: Behind) -> str:
        """The place of the set behind a number among all sets; `r` before it shows the reports of its cases.

        Raises KeyError for a unit that the review has not, ValueError for no title and more or fewer units than one.
        """
        if isinstance(behind, Reports):
            return f"r{self.place(behind.count)}"
        if isinstance(behind, Count):
            if not behind.title:
                (unit,) = behind.units
                behind = self.unit(unit.id)
            parts = tuple((part.unit.id, part.r, part.n) for part in behind.parts)
            if unknown := [unit for unit, _, _ in parts if unit not in self._units]:
                raise KeyError(f"{behind.title}: the review has no {unknown[0]}")
            key: object = (behind.title, behind.outcome, parts)
        else:
            key = behind
        if key not in self._places:
            self._places[key] = len(self._sets)
            self._sets.append(behind)
        return str(self._places[key])

    def sets(self) -> list[dict[str, object]]:
        """Every set so far: `t` the title, `u` the units by their place, with counts only where they are others.

        `o`: the outcome that is counted, if not response. `p`: the publications, where it is a set of these; `s`: what
        they print.
        """
        order = {name: place for place, name in enumerate(self._units)}
        return [self._set(found, order) for found in self._sets]

    def _set(self, found: Count | Publications, order: Mapping[str, int]) -> dict[str, object]:
        if isinstance(found, Publications):
            printed = [(each.what, each.printed, each.where) for each in found.statements]
            return {"t": found.title, "p": found.reports} | ({"s": printed} if printed else {})
        cases: list[object] = []
        for part in found.parts:
            unit, place = self._units[part.unit.id][0], order[part.unit.id]
            same = (part.r, part.n) == (unit.responders, unit.evaluable)
            cases.append(place if same else [place, part.r, part.n])
        outcome = {} if found.outcome == RESPONSE else {"o": f"with {OUTCOMES[found.outcome]}"}
        return {"t": found.title, "u": cases, **outcome}


def _together(sentence: Markup) -> Markup:
    """No line ends between a button and the bracket before it or the sign after it, as none does beside words."""
    from markupsafe import Markup

    button = r"<button [^>]*>[^<]*</button>"
    kept = rf"[\[(]{button}[\]).,;:]*|{button}[\]).,;:]+"
    return Markup(re.sub(kept, r'<span class="together">\g<0></span>', str(sentence)))  # noqa: S704 - markup already


def visible(text: str) -> str:
    """Text from a file as the page shows it: one line, with control and direction characters shown as escapes."""
    return for_terminal(" ".join(text.split()))


def shown(text: str) -> str:
    """As `visible`, with `74.3 %` kept on one line and blanks at the ends kept, since a sentence goes on."""
    start, end = text[:1].isspace(), text[-1:].isspace()
    inner = visible(text).replace(" %", "\u00a0%")
    return f"{' ' if start else ''}{inner}{' ' if end and inner else ''}"
