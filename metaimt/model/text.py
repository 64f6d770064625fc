"""Text as a tuple of words and Numbers: a renderer shows each as its medium can, a page opens what a Number counts.

The words of a Text hold no digit: every number is a `Number` that knows where it comes from, and what a file says
(titles, labels, citations, dates) is a `Named`. A test asserts it of the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from string import Formatter
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
class _Words:
    """A piece that shows its text."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Number(_Words):
    """A number as shown, its kind, and what it was taken from.

    source: whom it counts; the estimate or the test; the name of the protocol's setting (`priors.rho`); what is quoted.
    Raises TypeError for a source of another kind.
    """

    kind: Kind
    source: object

    def __post_init__(self) -> None:
        wanted = _SOURCES.get(self.kind)
        if wanted is not None and not isinstance(self.source, wanted):
            raise TypeError(f"{self.text!r} of {self.kind.name} has a source of {type(self.source).__name__}")


@dataclass(frozen=True, slots=True)
class Named(_Words):
    """A title, label, citation or date: words of a file or of the protocol, digits and all."""


@dataclass(frozen=True, slots=True)
class Strong(_Words):
    """Words that stand out: the name of an item in a list."""


@dataclass(frozen=True, slots=True)
class Code(_Words):
    """What is typed or the name of a file."""


@dataclass(frozen=True, slots=True)
class Link(_Words):
    """Words that lead to an address of the web; of any other address only the words are shown."""

    address: str

    @property
    def leads(self) -> bool:
        """Whether the address is of the web."""
        return self.address.startswith(("https://", "http://"))


Piece = str | Number | Named | Strong | Code | Link


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


def say(sentence: str, /, **pieces: Piece | Text | int) -> Text:
    """A sentence with pieces in place of the names in braces: `say("known for {n} patients", n=counted("5", who))`.

    A piece that is plain text is a value, not words of the sentence. Raises KeyError for a name without a piece.
    """
    parts: list[Piece | Text] = []
    for words, name, *_ in Formatter().parse(sentence):
        parts += [words] if words else []
        if name is not None:
            piece = pieces[name]
            parts.append(Named(str(piece)) if isinstance(piece, str | int) else piece)
    return Text(*parts)


def counted(text: str | int, behind: Behind) -> Number:
    """A number of patients, reports or publications."""
    return Number(str(text), Kind.COUNT, behind)


def r_of_n(count: Count) -> Number:
    """`55/74`, which leads to the patients."""
    return counted(f"{count.responders:g}/{count.evaluable:g}", count)


def capital(text: Text) -> Text:
    """The same, beginning with a capital letter."""
    first, *rest = text.parts or ("",)
    if isinstance(first, str):
        return Text(first[:1].upper() + first[1:], *rest)
    return Text(replace(first, text=first.text[:1].upper() + first.text[1:]), *rest)


def joined(texts: Iterable[Piece | Text], separator: str = ", ") -> Text:
    """Texts with a separator between them."""
    parts: list[Piece | Text] = []
    for text in texts:
        parts += [separator, text] if parts else [text]
    return Text(*parts)
