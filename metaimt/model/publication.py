"""Which publication a file, an exclusion or a reference is of, and whether two are of the same one.

An identifier decides, however it is written. Without one, a title decides together with first author or year; alone it
does not: "A rare tumour of the bladder: a case report" exists many times. Corrections, replies, letters, comments and
abstracts are other publications than the paper of that name.

Names of authors: taken apart however an exporter writes them, and put together as a reference list has them.

`Specimen, Anna M.`, `Specimen A.`, `A. Specimen` and `Specimen AM` are a family name and initials; what ends in no
initials, or is called a group or a department, is an institution and kept whole.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

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


Level = Literal["error", "warning", "other"]
IDENTIFIERS = {"doi": "DOI", "pmid": "PubMed id", "pmcid": "PubMed Central id"}
RICH_TEXT = re.compile(r"</?(?:i|b|u|em|strong|sub|sup|inf|sc|scp|span|p|title|jats:[a-z-]+|mml:[a-z]+)\b[^<>]*>")
SHORTEST_TITLE = 12  # letters and digits; "Case report" and "Reply" name nothing
_LONGEST_DOI = 500
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_DIGITS, _WORD_PARTS = re.compile(r"\d+"), re.compile(r"[^\W_]+")
_ENDS = ".,:;'\"’”"
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
_LETTERS = str.maketrans(
    {
        **{"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"},
        **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "κ": "kappa"},
    }
)
_NOBODY = {"anonymous", "anon", "noauthorslisted", "noauthornameavailable", "unknown", "na"}
_CORRECTION = r"erratum|errata|corrigend(?:um|a)|correction|retraction|retracted|expression of concern|addendum"
_REPLY = r"reply|rebuttal|response to (?:the )?(?:letter|comment|editor|authors?)"
_BY = r"(?:authors? (?:s )?)?"  # the apostrophe of author's divides two words
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("correction", rf"^(?:publishers? (?:s )?)?{_BY}(?:{_CORRECTION})\b(?: (?:note|notice|article|to|for|of|in))*"),
        ("correction", rf"\b(?:{_CORRECTION})$"),
        ("reply", rf"^(?:in |the )?{_BY}(?:{_REPLY})\b(?: (?:to|by|from|of|the|authors?|letter|editor))*"),
        ("reply", rf"\b(?:authors? (?:s )?response|{_BY}reply)$"),
        ("comment", r"^(?:invited |editorial )?(?:comment|commentary|comments) (?:on|to)\b"),
        ("letter", r"^letters?(?: to the editors?)?\b(?: (?:re|regarding|on|concerning|about))*|^re\b"),
        ("letter", r"\bletter(?: to the editors?)?$"),
        ("abstract", r"^(?:meeting |conference )?abstract\b(?: [a-z]{0,3}\d{1,6})?"),
        ("abstract", r"\b(?:meeting |conference )?abstract(?: [a-z]{0,3}\d{1,6})?$"),
    )
)
_OF_ABSTRACTS = re.compile(r"\b(?:supp(?:l\w*)?|abstracts?|annual meeting|congress|conference|symposium)\b")


def plain_doi(text: str) -> str:
    """The DOI in a text, from 10. on: not percent-encoded, without address, `doi:` or what ends the sentence; or ''."""
    text = html.unescape(text)
    for _ in range(3):  # an address within an address is encoded twice
        text = unquote(text)
    match = _DOI.search(text)
    found = match[0] if match and len(match[0]) <= _LONGEST_DOI else ""
    if match and re.search(r"(?i)https?:/", text[: match.start()]):
        found = re.split(r"[?#&]", found, maxsplit=1)[0].rstrip("/")
    while found and (found[-1] in _ENDS or found.count(found[-1]) > found.count(_PAIRS.get(found[-1], found[-1]))):
        found = found[:-1]
    return found if _DOI.fullmatch(found) else ""


def key_of(field: str, value: str) -> str:
    """An identifier as it is compared: `doi`, `pmid` or `pmcid`; '' for none."""
    value = value.strip()
    if field == "doi":
        return (plain_doi(value) or value).casefold()
    digits = _DIGITS.search(value)
    return (digits[0].lstrip("0") or "0") if digits else value.casefold()


def folded(text: str) -> str:
    """Words of letters and digits in lower case, without accents and mark-up."""
    shown = html.unescape(html.unescape(text))  # some exporters write &lt;i&gt;, and some &amp;lt;i&amp;gt;
    plain = RICH_TEXT.sub("", shown).casefold().translate(_LETTERS)
    if not plain.isascii():
        plain = "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))
    return " ".join(_WORD_PARTS.findall(plain))


@lru_cache(maxsize=2**15)
def title_words(title: str) -> tuple[str, str]:
    """(kind, the words of the title that it has or is about); the kind of a paper is ''."""
    words = folded(title).removeprefix("the ")
    for kind, pattern in _KINDS:
        if (match := pattern.search(words)) is not None:
            rest = f"{words[: match.start()]} {words[match.end() :]}".split()
            return kind, " ".join(rest).removeprefix("the ")
    return "", words


def title_key(title: str) -> tuple[str, str]:
    """(kind, the letters and digits of the title that it has or is about); the kind of a paper is ''."""
    kind, words = title_words(title)
    return kind, words.replace(" ", "")


def author_key(authors: str) -> tuple[str, str]:
    """The family name of the first author, and the initials, as far as they are known; none of who is not named."""
    first = first_author(authors[:1000])
    family = folded(first.family).replace(" ", "") if first is not None else ""
    return ("", "") if first is None or family in _NOBODY else (family, folded(first.initials).replace(" ", ""))


@dataclass(frozen=True, slots=True)
class Identity:
    """What two entries are compared by, '' where it is not known; `abstracts` if the journal prints those.

    `title`: its letters and digits; `words`: the same, divided. `author`: the first one's family name.
    """

    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    kind: str = ""
    title: str = ""
    author: str = ""
    year: str = ""
    journal: str = ""
    abstracts: bool = False
    words: str = ""
    initials: str = ""

    def same_author(self, other: Identity) -> bool:
        """Whether the first author may be one person: the family name, and the first initial where both give it."""
        first, theirs = self.initials[:1], other.initials[:1]
        return bool(self.author) and self.author == other.author and (not first or not theirs or first == theirs)


@dataclass(frozen=True, slots=True)
class Same:
    """How sure two entries are of one publication: an error, a warning, or another one; `by` which field, and why."""

    level: Level
    by: str
    reason: str


def identity(
    *,
    doi: str | None = None,
    pmid: str | None = None,
    pmcid: str | None = None,
    title: str | None = None,
    authors: str | None = None,
    journal: str | None = None,
    year: str | int | None = None,
) -> Identity:
    """The identity of whatever has these fields, as typed or printed."""
    kind, words = title_words(title or "")
    where = folded(journal or "")
    family, initials = author_key(authors or "")
    return Identity(
        doi=key_of("doi", doi or ""),
        pmid=key_of("pmid", pmid or ""),
        pmcid=key_of("pmcid", pmcid or ""),
        kind=kind,
        title=words.replace(" ", ""),
        words=words,
        author=family,
        initials=initials,
        year=str(year or "").strip(),
        journal=where,
        abstracts=_OF_ABSTRACTS.search(where) is not None,
    )


def same_publication(one: Identity, other: Identity) -> Same | None:
    """Whether two are of the same publication; None if nothing speaks for it."""
    differ = ""
    for field, mine, theirs in (
        ("doi", one.doi, other.doi),
        ("pmid", one.pmid, other.pmid),
        ("pmcid", one.pmcid, other.pmcid),
    ):
        if mine and mine == theirs:
            return Same("error", field, f"same {IDENTIFIERS[field]}")
        if mine and theirs:
            differ = differ or IDENTIFIERS[field]
    if not one.title or one.title != other.title:
        return None
    if why := _other(one, other):
        return Same("other", "title", f"same title, but {why}")
    author, year = one.same_author(other), one.year and one.year == other.year
    same = f"title{', first author' if author else ''}{', year' if year else ''}"
    if not differ:
        return Same("error" if author or year else "warning", "title", f"same {same}")
    return Same("warning" if author else "other", "title", f"same {same}, but another {differ}")


def _other(one: Identity, other: Identity) -> str:
    """Why two of one title are two publications whoever wrote them; '' if nothing says so."""
    if len(one.title) < SHORTEST_TITLE:
        return "too short to say anything"
    if one.kind != other.kind:
        return f"{_a(one.kind)} and {_a(other.kind)}"
    return "an abstract and a paper" if one.journal and other.journal and one.abstracts != other.abstracts else ""


def _a(kind: str) -> str:
    return f"{'an' if kind == 'abstract' else 'a'} {kind or 'paper'}"
