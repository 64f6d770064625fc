"""Text as a tuple of words and Numbers: a renderer shows each as its medium can, a page opens what a Number counts.

The words of a Text hold no digit: every number is a `Number` that knows where it comes from, and what a file says
(titles, labels, citations, dates) is a `Named`. A test asserts it of the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from metaimt.model.count import Behind, Count, Publications, Quoted, Reports


class Kind(Enum):
    """Where a number comes from: patients or publications, a model, a test, the protocol, a file."""

    COUNT = auto()
    ESTIMATE = auto()
    TEST = auto()
    SETTING = auto()
    QUOTED = auto()


_SOURCES: Final = {Kind.COUNT: (Count, Reports, Publications), Kind.SETTING: (str,), Kind.QUOTED: (Quoted,)}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as shown, its kind, and what it was taken from.

    source: whom it counts; the estimate or the test; the name of the protocol's setting (`priors.rho`); what is quoted.
    Raises TypeError for a source of another kind.
    """

    text: str
    kind: Kind
    source: object

    def __post_init__(self) -> None:
        wanted = _SOURCES.get(self.kind)
        if wanted is not None and not isinstance(self.source, wanted):
            raise TypeError(f"{self.text!r} of {self.kind.name} has a source of {type(self.source).__name__}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Named:
    """A title, label, citation or date: words of a file or of the protocol, digits and all."""

    text: str

    def __str__(self) -> str:
        return self.text


Piece = str | Number | Named


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """Words and Numbers in order. `str` gives the words alone: for reports, documents and terminals."""

    parts: tuple[Piece, ...]

    def __init__(self, *parts: Piece | Text) -> None:
        """Parts in order; those of a Text among them take its place."""
        flat = (inner for part in parts for inner in (part.parts if isinstance(part, Text) else (part,)))
        object.__setattr__(self, "parts", tuple(flat))

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


def counted(text: str, behind: Behind) -> Number:
    """A number of patients, reports or publications."""
    return Number(text, Kind.COUNT, behind)


def joined(texts: Iterable[Piece | Text], separator: str = ", ") -> Text:
    """Texts with a separator between them."""
    parts: list[Piece | Text] = []
    for text in texts:
        parts += [separator, text] if parts else [text]
    return Text(*parts)
