"""Names of authors: taken apart however an exporter writes them, and put together as a reference list has them.

`Specimen, Anna M.`, `Specimen A.`, `A. Specimen` and `Specimen AM` are a family name and initials; what ends in no
initials, or is called a group or a department, is an institution and kept whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_INITIALS = 4  # longer capitals at the end of a name are a word, not initials
_SUFFIXES = {"jr", "sr", "ii", "iii", "iv", "2nd", "3rd"}
_INSTITUTION = re.compile(
    r"(?i)\b(group|consortium|committee|network|societ(y|ies)|universit(y|ies)|hospital|department|institut(e|es|ion)"
    r"|cent(er|re)s?|organi[sz]ation|association|collaborat(ion|ive|ors)|investigators|registry|foundation|ministry"
    r"|college|council|initiative|division|clinic|team|agency|trial|study)\b"
)
_BETWEEN_LETTERS = re.compile(r"[.\s'’-]")
_ET_AL = re.compile(r"[,;]? ?\bet ?al\b\.?$")


@dataclass(frozen=True, slots=True)
class Author:
    """A family name with initials, such as AM; an institution has none."""

    family: str
    initials: str = ""
    suffix: str = ""

    @property
    def shown(self) -> str:
        """As a reference list has it: `van der Example AM`."""
        return " ".join(part for part in (self.family, self.initials, self.suffix) if part)


def person(family: str, given: str, suffix: str = "") -> Author:
    """An author of whom family name and given names, or initials, are known apart."""
    given = unicodedata.normalize("NFC", given)
    words = re.findall(r"[^\W\d_]+", given)
    short = given.isupper() and len(words) == 1 and len(given) <= _MOST_INITIALS
    initials = words[0] if short else "".join(word[0].upper() for word in words)
    return Author(" ".join(family.split()), initials, suffix.strip(" ."))


def author(name: str) -> Author:
    """One author from one name."""
    name = " ".join(name.split()).strip(" ,;")
    if _INSTITUTION.search(name):
        return Author(name)
    family, comma, rest = (part.strip() for part in name.partition(","))
    if comma:
        given, _, suffix = (part.strip() for part in rest.partition(","))
        if _is_suffix(given):  # BibTeX: Last, Jr, First
            given, suffix = suffix, given
        elif not suffix and " " in given and _is_suffix(given.split()[-1]):
            given, _, suffix = given.rpartition(" ")
        return person(family, given, suffix)
    words = name.split()
    suffix = words.pop() if len(words) > 2 and _is_suffix(words[-1]) else ""
    last = len(words)
    if last > 1 and _is_initials(words[-1]):
        last -= 1
        while last > 1 and _is_initials(words[last - 1]) and ("." in words[last - 1] or len(words[last - 1]) == 1):
            last -= 1
        return person(" ".join(words[:last]), _letters("".join(words[last:])), suffix)
    first = 0
    while first < len(words) - 1 and "." in words[first] and _is_initials(words[first]):
        first += 1
    return person(" ".join(words[first:]), _letters("".join(words[:first])), suffix)


def authors_in(field: str) -> tuple[Author, ...]:
    """The authors of one field of an export: mostly one, or all of them in one line."""
    if ";" not in field and not _are_listed(field.split(",")) and not (_are_pairs(field.split(","), least=4)):
        return (author(field),) if field.strip(" ,;") else ()
    return authors(field)[0]


def authors(text: str) -> tuple[tuple[Author, ...], bool]:
    """(the authors of a whole list, whether more follow): `Example AB, Other C, et al.`"""
    return tuple(map(author, _names(text))), _ET_AL.search(" ".join(text.split())) is not None


def first_author(text: str) -> Author | None:
    """The first of a whole list, read as `authors` reads it."""
    return next(map(author, _names(text)), None)


def _names(text: str) -> Iterator[str]:
    listed = _ET_AL.sub("", " ".join(text.split())).strip(" ,;")
    if ";" in listed:
        names = listed.split(";")
    else:
        names = listed.split(",")
        if _are_pairs(names, least=2):
            names = [", ".join(pair) for pair in zip(names[::2], names[1::2], strict=True)]
    return (name for name in names if name.strip(" ."))


def _are_listed(names: list[str]) -> bool:
    """`Example AB`, `Other C`: each ends in initials."""
    return len(names) > 1 and all(len(name.split()) > 1 and _is_initials(name.split()[-1]) for name in names)


def _are_pairs(names: list[str], *, least: int) -> bool:
    """`Example`, `A. B.`, `Other`, `C.`: each second one is initials, and no first one ends in any."""
    return (
        len(names) >= least
        and len(names) % 2 == 0
        and all(_is_initials(name.strip()) for name in names[1::2])
        and not any(len(name.split()) > 1 and _is_initials(name.split()[-1]) for name in names[::2])
    )


def _is_suffix(word: str) -> bool:
    return word.strip(".").casefold() in _SUFFIXES


def _is_initials(text: str) -> bool:
    letters = _letters(text)
    return letters.isalpha() and letters.isupper() and len(letters) <= _MOST_INITIALS and not _is_suffix(text)


def _letters(text: str) -> str:
    return _BETWEEN_LETTERS.sub("", unicodedata.normalize("NFC", text))
