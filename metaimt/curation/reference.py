"""One bibliographic reference, made of the fields of whatever format it came in; what is left out is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from metaimt.casefiles.fields import Doi, Pmcid, Pmid, Url
from metaimt.model.publication import IDENTIFIERS, Author, Identity, identity, key_of, plain_doi

_MOST_AUTHORS, _AUTHORS_OF_MANY = 6, 3  # AMA Manual of Style, 11th edition, 3.7: more than six, the first three
_LONGEST = {"title": 2000, "journal": 500, "url": 2000}  # characters; more is not what the field is for
_LONGEST_NAME = 200
_FORMS: dict[str, TypeAdapter[str]] = {
    "doi": TypeAdapter(Doi),
    "pmid": TypeAdapter(Pmid),
    "pmcid": TypeAdapter(Pmcid),
    "url": TypeAdapter(Url),
}
_MARKED = {  # as they are written where anything may stand
    "doi": re.compile(r"(?i)\bdoi(?:\.org/|:| ) ?(?:https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S{1,300})"),
    "pmid": re.compile(
        r"(?i)(?:\bPMID ?[:=]? ?|pubmed\.ncbi\.nlm\.nih\.gov/|/pubmed/)(\d{1,9})\b|\b(\d{1,9}) ?\[pmid\]"
    ),
    "pmcid": re.compile(r"(?i)\b(PMC ?\d{1,9})\b"),
}
_IN_ADDRESS = re.compile(r"10\.\d{4,9}(?:/|%2F)\S{1,400}", re.IGNORECASE)
_VIEW = re.compile(r"(?i)/(?:full|fulltext|abstract|abs|pdf|epdf|meta|html?|summary)$")
_OF_ANOTHER = re.compile(r"(?i)\b(?:errat|corrigend|comment|retract|cites|cited|update|republish|original|see also)")


LABELLED = re.compile(r"\bASReview_\w+|\bRAYYAN-[A-Z-]+:")
"""What ASReview and Rayyan write into notes."""
Record = dict[str, list[str]]  # tag -> the lines of it


def lines_of(record: Mapping[str, list[str]], *tags: str) -> list[str]:
    """The lines of some tags that are not blank, those of the first tag first."""
    return [line for tag in tags for line in record.get(tag, ()) if line.strip()]


@dataclass(frozen=True, slots=True)
class Reference:
    """One publication as a reference list has it; `surname` is the first author's.

    `notes` say what was left out or is to be checked, `dropped` which fields a case file has no place for;
    `labels` what a screening program says of it, as exported.
    """

    title: str | None = None
    authors: str | None = None
    surname: str | None = None
    journal: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)

    @property
    def shown(self) -> str:
        """One line that tells this reference from others."""
        named = ", ".join(str(part) for part in (self.surname, self.year) if part is not None)
        return f"{named or 'no author'}: {self.title or next(iter(self.notes), 'no title')}"

    @property
    def identity(self) -> Identity:
        """What it is compared by."""
        told = {name: getattr(self, name) for name in ("doi", "pmid", "pmcid", "title", "authors", "journal", "year")}
        return identity(**told)


@dataclass
class Fields:
    """What a record holds, by what it is for. Of texts the first that is not blank is taken.

    `doi`, `pmid` and `pmcid` hold what stands in a field of that name; `maybe` what stands in a field that exporters
    use for an identifier among other things; `free` is running text, `dropped` names what else there is.
    """

    authors: list[Author] = field(default_factory=list)
    more_authors: bool = False
    title: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    year: list[str] = field(default_factory=list)
    doi: list[str] = field(default_factory=list)
    pmid: list[str] = field(default_factory=list)
    pmcid: list[str] = field(default_factory=list)
    url: list[str] = field(default_factory=list)
    maybe: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    labels: list[str] = field(default_factory=list)

    def reference(self) -> Reference:
        """The reference, with what was left out."""
        notes = [*self.notes]
        texts = {name: _text(name, getattr(self, name), notes) for name in ("title", "journal")}
        names = [one for one in self.authors if one.shown and len(one.shown) <= _LONGEST_NAME]
        if len(names) < len([one for one in self.authors if one.shown]):
            notes.append(f"an author of more than {_LONGEST_NAME} characters is left out")
        many = len(names) > _MOST_AUTHORS
        shown = [one.shown for one in (names[:_AUTHORS_OF_MANY] if many else names)]
        year = _year(self.year)
        if year is None and self.year:
            notes.append(f"year left out: '{self.year[0][:60]}' has no year from 1900 on")
        found = {name: self._identifier(name, notes) for name in IDENTIFIERS}
        known = found["doi"] or found["pmid"]  # then the page where it was read is for the reader to say
        url = None if known else _checked("url", _text("url", self.url, notes) or "", notes)
        return Reference(
            **texts,
            authors=", ".join([*shown, *(["et al."] if shown and (many or self.more_authors) else [])]) or None,
            surname=names[0].family if names else None,
            year=year,
            **found,
            url=url,
            notes=tuple(dict.fromkeys(notes)),
            dropped=tuple(sorted(self.dropped)),
            labels=tuple(self.labels),
        )

    def _identifier(self, name: str, notes: list[str]) -> str | None:
        """An identifier from where it surely stands, else from where it may; what else is seen is said."""
        own: list[str] = [text for text in map(str.strip, getattr(self, name)) if text]
        sure = [text for text in (_plain(name, text) for text in own) if _is_one(name, text)]
        elsewhere = [*_marked(name, self.maybe), *_in_addresses(name, self.url)]
        if not sure and own:
            _checked(name, own[0], notes)
        if not (sure or elsewhere):
            told = list(dict.fromkeys(one for text in self.free for one in _marked(name, [text])))
            doubtful = len(told) > 1 or any(_OF_ANOTHER.search(text) for text in self.free if _marked(name, [text]))
            if told and doubtful:
                notes.append(f"{name} left out: the notes name {', '.join(told[:3])}, perhaps of another publication")
            elsewhere = [] if doubtful else told
        every = list({key_of(name, text): text for text in reversed([*sure, *elsewhere])}.values())[::-1]
        if len(every) > 1:
            notes.append(f"{name} {every[0]} is taken; the reference also names {', '.join(every[1:4])}: check it")
        return every[0] if every else None


_TAIL = re.compile(r"(?i)^(10\.[^/\s]+/\S+?)/(?:full-?text|full|abstract|e?pdf|html|meta|summary)/?$")
_PUBLISHER = re.compile(r"(?i)https?:/{1,2}[^/]+/(?:[^?#]*/)?(?=10\.[0-9]{4,}/)")
_ADDRESS = re.compile(
    r"(?i)(?:https?:/{1,2})?(?:(?:dx\.|www\.)?doi\.org|pubmed\.ncbi\.nlm\.nih\.gov|www\.ncbi\.nlm\.nih\.gov/pubmed)/"
    r"|(?:doi|pmid)\s?:?\s?(?=\d)"
)


def identifier_in(text: str) -> tuple[str, str] | None:
    """(`doi` or `pmid`, the identifier) of a text that is one, also as an address; None for any other.

    What a publisher's address has behind the DOI, `/fulltext` or `?query`, is none of it.
    """
    bare = _ADDRESS.sub("", text.strip(), count=1) if _ADDRESS.match(text.strip()) else text.strip()
    if re.match(r"(?i)https?:/", bare) or bare != text.strip():
        bare = _TAIL.sub(r"\1", _PUBLISHER.sub("", re.split(r"[?#]", bare, maxsplit=1)[0]))
    if re.fullmatch(r"10\.\S+", bare) and (doi := plain_doi(bare)):
        return "doi", doi
    digits = re.fullmatch(r"([0-9]{1,9})/?", bare)
    return ("pmid", digits[1].lstrip("0") or "0") if digits else None


def _plain(name: str, text: str) -> str:
    """An identifier without what exporters write around it; as it is where nothing is known of it."""
    if name == "doi":
        return plain_doi(text)
    bare = re.sub(r"(?i)^(?:PM(?:C?)ID ?[:=]? ?)|[.,;]$|\.\d+$", "", text.strip()) if len(text) < 100 else text
    if name == "pmcid":
        bare = bare.upper().replace(" ", "")
        return f"PMC{bare}" if bare.isascii() and bare.isdecimal() else bare
    return bare


def _is_one(name: str, text: str) -> bool:
    try:
        _FORMS[name].validate_python(text)
    except ValidationError:
        return False
    return True


def _checked(name: str, text: str, notes: list[str]) -> str | None:
    if not text:
        return None
    try:
        return _FORMS[name].validate_python(text)
    except ValidationError as error:
        message = error.errors()[0].get("ctx", {}).get("message", "is not of its form")
        notes.append(f"{name} left out: {message}")
        return None


def _marked(name: str, texts: Iterable[str]) -> list[str]:
    """The identifiers that texts name as such; a text that is one as a whole needs no name."""
    found: list[str] = []
    for text in texts:
        bare = text.strip()
        if name != "pmid" and len(bare) <= 300 and not re.search(r"\s", bare) and re.match(r"(?i)10\.|PMC\d", bare):
            found += [bare]
        found += [next(filter(None, match.groups())) for match in _MARKED[name].finditer(text)]
    return [one for one in dict.fromkeys(_plain(name, text) for text in found) if _is_one(name, one)]


def _in_addresses(name: str, urls: Iterable[str]) -> list[str]:
    if name != "doi":
        return _marked(name, urls)
    inside = [match[0] for url in urls for match in _IN_ADDRESS.finditer(url)]
    found = [plain_doi(f"https://{_VIEW.sub('', re.split('[?#]', text)[0])}") for text in inside]
    return [one for one in dict.fromkeys(found) if _is_one("doi", one)]


def _text(name: str, texts: Iterable[str], notes: list[str]) -> str | None:
    """The first text that is not blank, on one line."""
    text = next((line for line in (" ".join(text.split()) for text in texts) if line), None)
    if text is not None and len(text) > _LONGEST[name]:
        notes.append(f"{name} left out: it has more than {_LONGEST[name]} characters")
        return None
    return text


def _year(texts: Iterable[str]) -> int | None:
    found = (re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text) for text in texts)
    return next((int(match[1]) for match in found if match), None)


def dropped_fields(record: Mapping[str, object], labels: Mapping[str, str]) -> set[str]:
    """The labels of the fields that hold something."""
    return {label for name, label in labels.items() if record.get(name)}
