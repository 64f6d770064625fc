"""The text of a new case file: what is known filled in, the rest as comments that say what goes there.

Fields, their order, descriptions and accepted terms come from the JSON Schema of case files, which is made of the
models and the vocabulary: nothing is described twice. Text survives exactly, except that line breaks and tabs become
spaces and other control characters, and halves of surrogate pairs, are removed.

What the review already holds, read or excluded, and the id of a new report.

Files are looked up as they were typed, not as models: a case file that is not filled in yet, or waits, is not a report,
but its id is taken and its publication is in the review.
"""

from __future__ import annotations

import re
import string
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from metaimt.casefiles.fields import Identifier
from metaimt.casefiles.library import CASE_FOLDERS, PROTOCOL_FILE, Library, read_library
from metaimt.casefiles.records import Record
from metaimt.casefiles.schema import case_schema
from metaimt.checks.same_publication import Entry, as_typed, entries
from metaimt.curation.reference import Reference
from metaimt.files import in_ascii, in_quotes
from metaimt.model.publication import IDENTIFIERS, Identity, Same, identity, same_publication
from metaimt.problem import WrongUse
from metaimt.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in use, such as `id smith-2020`: in which file, and for an excluded publication why it is excluded."""

    what: str
    file: str
    reason: str | None = None
    next_step: str = "is already in {file}; edit that file instead"

    @property
    def told(self) -> str:
        """What is said when it is met again, with the next step."""
        if self.reason is not None:
            why = f"is excluded in {self.file} ({self.reason.rstrip('.')})"
            return f"{self.what} {why}; to include it all the same, delete that entry first"
        return f"{self.what} {self.next_step.format(file=self.file)}"


class Known:
    """Everything of a review folder that a new case file must not repeat."""

    def __init__(self, library: Library) -> None:
        self.ids = dict(_ids(library))
        self.records = {record.id: identity_of(record) for record in library.records}
        self.entries = tuple((entry, entry.identity) for entry in entries(library))
        for entry, _ in self.entries:
            if entry.reason is not None:
                self.ids.setdefault(entry.id.casefold(), Taken(f"id {entry.id}", entry.file, entry.reason))

    def publication(self, reference: Reference) -> Taken | None:
        """Who is of the same publication as a reference; an included report first."""
        surest = [(entry, same) for entry, same in self._same(reference.identity) if same.level == "error"]
        entry, same = min(surest, key=lambda one: one[0].reason is not None, default=(None, None))
        return None if entry is None or same is None else _taken(entry, same)

    def find(self, field: str, value: str) -> Taken | None:
        """Who has this `id`, `doi`, `pmid` or `pmcid`, however it is written; an included report first."""
        if field == "id":
            return self.ids.get(value.casefold())
        found = (_taken(entry, same) for entry, same in self._same(identity(**{field: value})))
        return min(found, key=lambda one: one.reason is not None, default=None)

    def alike(self, reference: Reference) -> Iterator[str]:
        """What is said of publications of the same title that may be others, or are."""
        for entry, same in self._same(reference.identity):
            if same.level != "error":
                yield f"{entry.file} has a publication of the same title ({entry.id}: {same.reason})"

    def _same(self, mine: Identity) -> Iterator[tuple[Entry, Same]]:
        for entry, theirs in self.entries:
            if (same := same_publication(mine, theirs)) is not None:
                yield entry, same

    def free_id(self, reference: Reference) -> str:
        """The id of its record; else first author and year, and -b, -c ... if taken.

        Raises WrongUse if there is no name, or it is excluded.
        """
        stem = f"{in_ascii(reference.surname or '')[:60].strip('-')}-{reference.year or ''}".strip("-")
        if not reference.surname or not stem or stem == str(reference.year):
            example = f"wang-{reference.year or 2026}"
            why = "".join(f" ({note})" for note in reference.notes[:1])
            raise WrongUse(f"there is no first author's name in Latin letters{why}; choose an id: --id {example}")
        for name, theirs in self.records.items():
            same = same_publication(reference.identity, theirs)
            if same is not None and same.level == "error" and self.find("id", name) is None:
                return name
        for name in (stem, *(f"{stem}-{letter}" for letter in string.ascii_lowercase[1:])):
            taken = self.find("id", name)
            if taken is None and name not in self.records:
                return name
            if taken is not None and taken.reason is not None:
                raise WrongUse(f"{taken.told}; if this is another publication, choose another id: --id {stem}-b")
        raise WrongUse(f"{stem} and {stem}-b to {stem}-z are taken; choose an id with --id")


def identity_of(record: Record) -> Identity:
    """What a record of a search is compared by."""
    names = ("doi", "pmid", "title", "authors", "journal", "year")
    return identity(**{name: getattr(record, name) or None for name in names})


def review(folder: Path) -> Library:
    """The review in a folder. Raises WrongUse with the next step if there is none."""
    if not any((folder / name).exists() for name in (PROTOCOL_FILE, *CASE_FOLDERS)):
        what = (
            f"holds no {PROTOCOL_FILE}" if folder.is_dir() else "is not a folder" if folder.exists() else "is not here"
        )
        raise WrongUse(f"{folder} {what}; run this where the review is, or name its folder: --cases FOLDER")
    return read_library(folder)


def checked_id(text: str) -> str:
    """An id that may name a file. Raises WrongUse with the form expected."""
    if not text.strip():
        raise WrongUse("the id is empty; give first author and year: smith-2026")
    return in_form(_IDENTIFIER, text)


def in_form(kind: TypeAdapter[str], text: str) -> str:
    """A text of a kind that case files have. Raises WrongUse with what is wrong, and what to type."""
    try:
        return kind.validate_python(text)
    except ValidationError as error:
        context = error.errors()[0]["ctx"]
        raise WrongUse(f"{context['message']}; {context['hint']}") from error


_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


def _ids(library: Library) -> Iterator[tuple[str, Taken]]:
    """The ids of case files: the file's name, the id in it, and those that it had before."""
    folders = {(library.folder / name).as_posix() for name in CASE_FOLDERS}
    for name, document in library.documents.items():
        if Path(name).parent.as_posix() in folders:
            told = document.data.get("report") if isinstance(document.data, dict) else None
            report = told if isinstance(told, dict) else {}
            former = report.get("former_ids")
            used = [report.get("id"), *(former if isinstance(former, list) else ())]
            next_step = "is taken by {file}; choose another id, or edit that file"
            for one in {Path(name).stem, *map(as_typed, used)} - {""}:
                yield one.casefold(), Taken(f"id {one}", name, next_step=next_step)


def _taken(entry: Entry, same: Same) -> Taken:
    """A publication that the review has, by what it is the same."""
    if same.by in IDENTIFIERS:
        return Taken(f"{IDENTIFIERS[same.by]} {entry.fields[same.by]}", entry.file, entry.reason)
    another = "if this is another publication, give both their DOI or PubMed id, or use --blank ID"
    what = f"a publication of the {same.reason}"
    return Taken(what, entry.file, entry.reason, f"is already in {{file}}; edit that file; {another}")


Draft = dict[str, Any]  # a case file as data: {"report": {...}, "extraction": {...}, "patients": [...]}
EDITOR_LINE = "# yaml-language-server: $schema=../case.schema.json"
_SELDOM = {"former_ids", "notices", "setting", "publisher", "adjudicated"}
_OF_COUNTS = (
    "label",
    "drug",
    "status",
    "evaluable",
    "responders",
    "population",
    "line",
    "counts_basis",
    "response_basis",
)
_QUOTED = {"title", "pmid", "date", "note", "response_as_stated"}  # in quotes whatever they hold
_FORMS = {"boolean": "true | false", "array": "[]"}
_WIDTH, _NOTE_COLUMN = 118, 34
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.,'() -]*(?<! )|10\.\d+/[A-Za-z0-9._()/-]+")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # to the YAML of some editor, if not to ours
_BREAKS = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def draft_of(case_id: str, reference: Reference, by: str | None, date: str) -> Draft:
    """The draft of a report: its bibliography, who reads it and when, and one patient with one course."""
    known = {field.name: getattr(reference, field.name) for field in fields(reference)}
    report = {name: known.get(name) for name in ("title", "authors", "journal", "year", "doi", "pmid", "pmcid", "url")}
    return {
        "report": {"id": case_id} | {name: value for name, value in report.items() if _is_known(value)},
        "extraction": ({"by": by} if _is_known(by) else {}) | {"date": date},
        "patients": [{"id": "P1", "courses": [{}]}],
    }


def _is_known(value: object) -> bool:
    return bool(without_controls(value).strip()) if isinstance(value, str) else value is not None


def without_controls(text: str) -> str:
    """Text on one line: line breaks and tabs are spaces; other control characters and lone surrogates are removed."""
    return _CONTROLS.sub("", _BREAKS.sub(" ", text))


def scalar(value: object) -> str:
    """A value as YAML, so that it is read back as it is: text that could be taken for anything else is quoted."""
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(inside, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inside(key)}: {inside(item)}" for key, item in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(getattr(value, "typed", value))
    text = without_controls(str(value))
    return text if _PLAIN.fullmatch(text) and text.casefold() not in _NOT_TEXT else quoted(text)


def inside(value: object) -> str:
    """A value within brackets or braces, where a comma ends a plain text."""
    return quoted(value) if isinstance(value, str) and "," in value else scalar(value)


def quoted(text: str) -> str:
    """Text in double quotes; backslash, quote and what does not show on a page (such as text direction) as escapes."""
    return in_quotes(without_controls(text))


def case_text(
    draft: Draft, vocabulary: Vocabulary, marker: str, next_step: str, *, teach: bool = True, plain: bool = False
) -> str:
    """The text of a case file.

    With `teach`, fields that are not filled in stand as comments with their meaning and terms; else the file holds
    what is filled in, and the names of the other fields in one comment. Required fields are empty until filled in.
    With `plain` it holds no comment on what is left out.
    `marker` is the gene of the examples; `next_step` the command to check the file with.
    """
    form = _Form(case_schema(vocabulary)["properties"], marker, teach, plain)
    lines = [EDITOR_LINE, *(_introduction(next_step) if teach else ())]
    for section in ("report", "extraction"):
        if section in draft:
            lines += [f"{section}:", *form.fields(section, draft[section], 2)]
    for section in ("patients", "arms"):
        entries = draft.get(section, ())
        lines += [f"{section}:"] if entries else []
        for entry in entries:
            lines += form.entry(section, entry, 2)
    if teach:
        lines += ["  # - id: P2  (the next patient, if there is one, with the same fields)", *form.counts()]
    return "\n".join(lines) + "\n"


def _introduction(next_step: str) -> list[str]:
    return [
        "#",
        "# The fields stand in the order in which a report is read. To fill one in, delete the '# ' before it and",
        "# keep one of the terms, or write the value after the colon. What the source does not say is never",
        "# estimated: leave its line as it is. 'design:' and 'drug:' must be filled in. Then check the file, which",
        "# tells what is missing or wrong:",
        f"#   {next_step}",
        "# Not yet read to its end? Put these two lines at the left margin; the file is then listed and in no pool:",
        "# status: pending",
        '# reason: ""',
    ]


@dataclass(frozen=True)
class _Form:
    """The fields of the schema as lines: filled in, to be filled in, or commented out."""

    sections: Mapping[str, Any]
    marker: str
    teach: bool
    plain: bool = False

    def fields(self, section: str, filled: Draft, indent: int) -> list[str]:
        """The fields of `report`, `extraction`, `patients` or `courses`, in the order of the model."""
        schema = self._schema(section)
        lines: list[str] = []
        unused: list[str] = []
        for name, field in schema["properties"].items():
            if name == "courses":
                lines += [*self._left(unused, indent), *self._courses(filled.get("courses", ()), indent)]
            elif name in filled:
                style = quoted if name in _QUOTED else scalar
                lines.append(f"{' ' * indent}{name}: {style(filled[name])}")
            elif name in schema.get("required", ()):
                lines += self._required(name, field, indent)
            elif self.teach and name not in _SELDOM:
                lines += self._optional(name, field, indent)
            else:
                unused.append(name)
        return lines if self.teach else [*lines, *self._left(unused, indent)]

    def _left(self, unused: list[str], indent: int) -> list[str]:
        """One comment with the names of fields that are not used; the list is empty afterwards."""
        shown = ", ".join(name for name in unused if name not in _SELDOM)
        unused.clear()
        return wrapped(f"not filled in: {shown}", _WIDTH, f"{' ' * indent}# ") if shown and not self.plain else []

    def entry(self, section: str, filled: Draft, indent: int) -> list[str]:
        """The fields of one patient or course, as an entry of a list."""
        first, *rest = self.fields(section, filled, indent + 2)
        return [f"{' ' * indent}- {first.lstrip()}", *rest]

    def counts(self) -> Iterator[str]:
        """An arm, as comments: what stands in place of patients where only counts are known."""
        yield "# Groups known only as counts (trials, cohorts) stand in place of patients, one entry a group:"
        yield "# arms:"
        for name in _OF_COUNTS:
            field = self._schema("arms")["properties"][name]
            choice = "" if name == "drug" else self._choice(field)
            line = f"#   {'-' if name == _OF_COUNTS[0] else ' '} {name}: {choice}".rstrip()
            yield from _explained(line, choice, field["description"], f"#{' ' * (len(name) + 7)}# ")

    def _courses(self, courses: Sequence[Draft], indent: int) -> Iterator[str]:
        field = self._schema("patients")["properties"]["courses"]
        yield _noted(f"{' ' * indent}courses:", field["description"]) if self.teach else f"{' ' * indent}courses:"
        for course in courses:
            yield from self.entry("courses", course, indent + 2)
        if self.teach:
            yield f"{' ' * (indent + 2)}# - drug:  (the next kinase inhibitor, if there was one, with the same fields)"

    def _required(self, name: str, field: Mapping[str, Any], indent: int) -> list[str]:
        """An empty field, its meaning, and below it the accepted terms if the meaning does not name them."""
        line = _noted(f"{' ' * indent}{name}:", field["description"] if self.teach else "")
        choice = self._choice(field)
        below = self.teach and not says_no_more(choice, field["description"])
        return [line, *(wrapped(choice, _WIDTH, f"{' ' * indent}#      ") if below else ())]

    def _optional(self, name: str, field: Mapping[str, Any], indent: int) -> list[str]:
        """A commented field with its accepted terms; its meaning beside it if it fits, else below."""
        choice = '""' if name in _QUOTED else self._choice(field)
        line = f"{' ' * indent}# {name}: {choice}".rstrip()
        return _explained(line, choice, field["description"], f"{' ' * indent}# {' ' * (len(name) + 2)}# ")

    def _choice(self, field: Mapping[str, Any]) -> str:
        """The accepted terms of a field, or the form of its value; empty where anything goes."""
        if field.get("type") == "object":
            return f"{{{self.marker}: {self._choice(field['additionalProperties'])}}}"
        return " | ".join(terms_of(field)) or _FORMS.get(field.get("type", ""), "")

    def _schema(self, section: str) -> Mapping[str, Any]:
        if section == "courses":
            found: Mapping[str, Any] = self.sections["patients"]["items"]["properties"]["courses"]["items"]
        else:
            found = self.sections[section].get("items", self.sections[section])
        return found


def terms_of(field: Mapping[str, Any]) -> tuple[str, ...]:
    """The accepted terms of a field; of one that takes a term or a list of them, the terms."""
    one, *more = field.get("anyOf", (field,))
    return tuple(one.get("enum", ())) if all(other.get("type") == "array" for other in more) else ()


def says_no_more(text: str, other: str) -> bool:
    """Whether each word of a text is in the other, as in `female or male` and `female | male`."""
    return set(re.findall(r"\w+", text)) - {"or", "and"} <= set(re.findall(r"\w+", other))


def _noted(line: str, note: str) -> str:
    return f"{line:<{_NOTE_COLUMN}}  # {note}" if note else line


def _explained(line: str, choice: str, meaning: str, below: str) -> list[str]:
    """A line with its meaning: beside it if it fits, else in lines that start with `below`; none if it adds nothing.

    Those lines are comments within comments: a block that is uncommented as a whole in an editor stays YAML.
    """
    noted = line if says_no_more(meaning, choice) else _noted(line, meaning)
    return [noted] if len(noted) <= _WIDTH else [line, *wrapped(meaning, _WIDTH, below)]


def wrapped(text: str, width: int, margin: str) -> list[str]:
    """Text in lines; a term of several words is not broken, nor what divides it from the next put before that."""
    whole = "\xa0| ".join(term.replace(" ", "\xa0") for term in text.split(" | ")) if " | " in text else text
    lines = textwrap.wrap(whole, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines]
