"""A release: what it states, the files beside the review that name its version, and why a review may not be released.

CITATION.cff is of the Citation File Format 1.2.0 (https://citation-file-format.github.io), `.zenodo.json` holds the
deposit metadata of Zenodo (https://developers.zenodo.org). What a person added to either stays.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from metaimt.analyses.flow import flow
from metaimt.analyses.wording import plural
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.content.prisma import NOT_STATED
from metaimt.content.sources import last_searches
from metaimt.files import as_edited, for_terminal, read_whole, text_of, write_file
from metaimt.out_folder import changed_since_written
from metaimt.report.cells import json_text
from metaimt.report.dictionary import MADE_OF, PACKAGE
from metaimt.versions.changes import Changes, kinds_of
from metaimt.versions.stored import SHIPPED, Stored, state_digest

CITATION, ZENODO = "CITATION.cff", ".zenodo.json"
_LARGEST = 1_000_000  # bytes of either file
_ONE_LICENCE = re.compile(r"[A-Za-z0-9.+-]+")
_PREFERRED = "preferred-citation"
_DERIVED = "isDerivedFrom"


@dataclass(frozen=True)
class Release:
    """A release that may be made: what it states, its files in the order of writing, and the reasons against it.

    missing: what the release does not say, since nobody stated it. already: the version was released on `date`, and
    nothing is to be written.
    """

    version: str
    date: str | None
    statement: tuple[str, ...]
    files: Mapping[Path, bytes] = field(default_factory=dict)
    against: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    already: bool = False

    def write(self) -> None:
        """Write each file in one step, the frozen version last: before that nothing counts as released."""
        for path, content in self.files.items():
            write_file(path, content)


def shipped_folder(project: Path) -> Path | None:
    """Where the package keeps released versions, if it lies beside the review; None of any other review."""
    return SHIPPED if SHIPPED.resolve().parents[1] == project else None


def statement_of(
    changes: Changes, library: Library, former: Stored | None, *, date: str, trigger: str | None
) -> tuple[str, ...]:
    """The release in sentences: version, the one before it, kind, trigger, and the last search of each source."""
    before = f"the preceding version is {changes.old}" if changes.old else "no version precedes it"
    kinds = ", ".join(kinds_of(changes)) or _nothing(library, former)
    searches = (*last_searches(library),) or (("any source", NOT_STATED),)
    return (
        f"Version {changes.new}, {date}; {before}.",
        f"Kind: {kinds}.",
        f"Triggered by: {for_terminal(trigger or NOT_STATED)}.",
        *(f"Last search of {for_terminal(source)}: {said}." for source, said in searches),
    )


def _nothing(library: Library, former: Stored | None) -> str:
    """That a search found nothing new can be said only where there was one since the former version."""
    before = {(each["id"], each["date"]) for each in former.content["searches"]} if former else set()
    if any(search.status == "done" and (search.id, search.date) not in before for search in library.searches):
        return "nothing new found by the searches since"
    return "nothing new; no search since is recorded"


def missing_in(protocol: Protocol, trigger: str | None, library: Library) -> Iterator[str]:
    """What a release should say and this one does not, each with where to write it."""
    if waiting := flow(library, protocol).waiting:
        yield f"whether {plural(len(waiting), 'record')} of searches belong to it; metaimt screen lists them"
    if trigger is None:
        yield 'what triggered it; give --trigger "WORDS"'
    if not protocol.licence:
        yield "the licence of cases and tables; write licence: in review.yaml"
    elif not _spdx(protocol.licence):
        yield f"the licence in {CITATION}, which takes SPDX identifiers such as CC-BY-4.0"


def reasons_against(protocol: Protocol, library: Library, outputs: Path) -> Iterator[str]:
    """Why the review may not be released as it stands, each with what to do."""
    if not protocol.authors:
        yield "review.yaml names no authors, whom a citation needs; write authors: [...]"
    path = outputs / PACKAGE
    try:
        package = json.loads(read_whole(path, _LARGEST))
    except (OSError, ValueError):
        yield f"{path.as_posix()} cannot be read; type: metaimt build"
        return
    made = (package.get("version"), package.get(MADE_OF)) if isinstance(package, dict) else ()
    if made != (protocol.version, state_digest(library)):
        yield f"{outputs.as_posix()} was not built of these files; type: metaimt build"
    elif changed := changed_since_written(outputs):
        yield f"{(outputs / changed[0]).as_posix()} is not as metaimt wrote it; type: metaimt build"


def files_of(
    project: Path, library: Library, protocol: Protocol, *, answer: str, statement: tuple[str, ...], date: str
) -> tuple[dict[Path, bytes], tuple[str, ...]]:
    """CITATION.cff and .zenodo.json of the project; and why one that is there cannot be brought up to date."""
    files, faults = dict[Path, bytes](), list[str]()
    for name in (CITATION, ZENODO):
        path = project / name
        try:
            old = read_whole(path, _LARGEST) if path.exists() else None
            text = None if old is None else text_of(old)
            if name == CITATION:
                files[path] = as_edited(old or b"", citation(text, protocol, date))
            else:
                made = zenodo(text, protocol, library, description=answer, notes=statement, date=date)
                files[path] = made.encode("utf-8")
        except (OSError, ValueError) as error:
            faults.append(f"{name} {for_terminal(str(error))}; mend it, or delete it, and it is written anew")
    return files, tuple(faults)


def citation(old: str | None, protocol: Protocol, date: str) -> str:
    """CITATION.cff: version and date of the old one are replaced and its other bytes stay; without one, a whole file.

    A file that is of software (`type: software`, which the format also takes for a file without a type) keeps the
    version of the software: the review is then what it prefers to be cited, of type data. Another preferred citation
    is what a person chose, and stays. Raises ValueError if the old one is not in form.
    """
    new = {"version": protocol.version, "date-released": date}
    if old is None:
        head = ("cff-version: 1.2.0", "message: If you use this review or its case data, please cite it.")
        return "\n".join([*head, *_cited(protocol, "dataset", new), ""])
    before = _cff(old)
    if before.get("type") == "dataset":
        return _replaced(old, new, {**before, **new})
    cited = before.get(_PREFERRED)
    if cited is None:
        lines = (f"  {line}" for line in _cited(protocol, "data", new))
        return "\n".join([old.rstrip(), f"{_PREFERRED}:", *lines, ""])
    if not isinstance(cited, dict) or cited.get("type") != "data":
        return old
    start = re.search(rf"(?m)^{_PREFERRED}[ \t]*:[ \t]*\r?\n(?:[ \t]+[^\r\n]*(?:\r?\n|$)|[ \t]*\r?\n)*", old)
    if start is None:
        raise ValueError(f"has {_PREFERRED} in a form in which nothing can be replaced; write each field in one line")
    indent = re.search(r"(?m)^([ \t]+)\S", start[0])
    inside = _replaced(start[0], new, {_PREFERRED: {**cited, **new}}, indent[1] if indent else "")
    return f"{old[: start.start()]}{inside}{old[start.end() :]}"


def _cited(protocol: Protocol, kind: str, new: Mapping[str, str]) -> Iterator[str]:
    """The review as CITATION.cff describes a work, a line each."""
    yield f"title: {_quoted(protocol.title)}"
    yield f"type: {kind}"
    yield from (f"{key}: {_quoted(value)}" for key, value in new.items())
    if licence := _spdx(protocol.licence):
        yield f"license: {licence}"
    yield "authors:"
    yield from (f"  - name: {_quoted(author)}" for author in protocol.authors)


def _replaced(text: str, new: Mapping[str, str], after: Mapping[str, Any], indent: str = "") -> str:
    """The text with the new values, of which each stands on a line of its own, so far in, or becomes one.

    Raises ValueError if the text does not say `after` then.
    """
    for key, value in new.items():
        line, found = f"{indent}{key}: {_quoted(value)}", re.search(rf"(?m)^{indent}{key}[ \t]*:[^\r\n]*", text)
        text = f"{text[: found.start()]}{line}{text[found.end() :]}" if found else f"{text.rstrip()}\n{line}\n"
    with suppress(yaml.YAMLError, RecursionError):
        if yaml.safe_load(text) == after:
            return text
    raise ValueError("has version or date-released in a form that cannot be replaced; write each in one line")


def _spdx(licence: str | None) -> str:
    """The licence as SPDX has it, and CITATION.cff takes it; '' for any other text."""
    try:
        found = canonicalize_license_expression(licence or "")
    except InvalidLicenseExpression:
        return ""
    return found if _ONE_LICENCE.fullmatch(found) else ""


def _cff(text: str) -> dict[Any, Any]:
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        raise ValueError("is not YAML") from None
    if not isinstance(data, dict) or "cff-version" not in data:
        raise ValueError("lacks cff-version: 1.2.0")
    return data


def _quoted(text: str) -> str:
    """A JSON text is a YAML text; a version in quotes is never read as a number."""
    return json.dumps(for_terminal(text), ensure_ascii=False)


def zenodo(
    old: str | None, protocol: Protocol, library: Library, *, description: str, notes: tuple[str, ...], date: str
) -> str:
    """.zenodo.json: what a release says is replaced; type, creators, licence and access stay as a person wrote them.

    Raises ValueError if the old one is not in form.
    """
    try:
        kept = {} if old is None else json.loads(old)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(kept, dict):
        raise ValueError("holds no fields")  # noqa: TRY004 - a fault of the file
    related = kept.get("related_identifiers", [])
    others = [each for each in related if not (isinstance(each, dict) and each.get("relation") == _DERIVED)]
    dois = sorted({each.report.doi for each in library.reports if each.report.doi})
    usual = {
        "upload_type": "dataset",
        "access_right": "open",
        "creators": [{"name": for_terminal(author)} for author in protocol.authors],
        **({"license": for_terminal(protocol.licence).lower()} if protocol.licence else {}),
    }
    said = {
        "title": for_terminal(protocol.title),
        "version": for_terminal(protocol.version),
        "publication_date": date,
        "description": html.escape(description),
        "notes": html.escape(" ".join(notes)),
        "related_identifiers": [*others, *({"identifier": doi, "relation": _DERIVED} for doi in dois)],
    }
    return json_text({**usual, **kept, **said})
