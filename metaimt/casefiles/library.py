"""The library: everything a review folder holds, read in sorted order, with every problem of form.

The order of reports is that of their paths, so the result does not depend on the file system. A file with an error of
form is in `documents` but not in `reports`; what can be read of it is in `parts`.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import RootModel

from metaimt.casefiles.added_terms import added_terms
from metaimt.casefiles.fields import Entry
from metaimt.casefiles.model import Arm, CaseFile, Patient
from metaimt.casefiles.protocol import Protocol, protocol_faults
from metaimt.casefiles.published import PublishedFile
from metaimt.casefiles.reading import Model, read_model, readable_entries
from metaimt.casefiles.records import (
    DUPLICATE,
    REASONS,
    RECORDS,
    Decision,
    Record,
    Sheet,
    Standing,
    read_decisions,
    read_records,
    sheet_paths,
)
from metaimt.casefiles.second_reading import FOLDER as SECOND_FOLDER
from metaimt.casefiles.second_reading import SecondReading, key_of_reader, reader_of
from metaimt.casefiles.shared import Excluded, ExcludedFile, Link, LinkFile, Search, SearchFile
from metaimt.casefiles.strict_yaml import MAXIMUM_BYTES, Document, parse
from metaimt.casefiles.strict_yaml import Path as Steps
from metaimt.files import in_ascii, read_regular, read_whole
from metaimt.problem import Position, Problem, WrongUse, ordered
from metaimt.vocabulary import Vocabulary, built_in

E = TypeVar("E", bound=Entry)

if TYPE_CHECKING:
    import pandas as pd

    from metaimt.casefiles.patient_table import PatientTable

CASE_FOLDERS = ("literature", "local")
PROTOCOL_FILE = "review.yaml"
PENDING = "pending"  # status of a case file
_MAY_WAIT = (
    "If the report is not read to its end, add at the left margin status: pending, and reason: with why it waits"
)
_SAYS_PENDING = re.compile(r"^status:[ \t]*[\"']?pending\b", re.MULTILINE)
LEFT_BEHIND = re.compile(r"\..*|~\$.*|#.*#|.*~|.*\.(?:sw[op]|tmp|part)|thumbs\.db|desktop\.ini", re.IGNORECASE)
"""The name of what editors and systems leave beside a file: it is never read."""
_ADDED_TERMS = "vocabulary.yaml"
SHARED_FILES = (
    PROTOCOL_FILE,
    _ADDED_TERMS,
    "excluded.yaml",
    "links.yaml",
    "published-pooled.yaml",
    "searches.yaml",
)


@dataclass(frozen=True)
class Parts:
    """The patients and arms that are in form in a case file that is not, by their place in the file."""

    patients: Mapping[int, Patient]
    arms: Mapping[int, Arm]


@dataclass(frozen=True)
class ListDocument(Document):
    """A shared file of which only some entries could be read: `kept` are their places in the file."""

    kept: tuple[int, ...] = ()

    def problem(self, path: Steps, rule: str, message: str, hint: str = "", **more: Any) -> Problem:
        """A problem at the value of `path`, whose first step counts the entries that could be read."""
        inside = (self.kept[path[0]], *path[1:]) if path and isinstance(path[0], int) else path
        return super().problem(inside, rule, message, hint, **more)


@dataclass(frozen=True, slots=True)
class Pending:
    """A case file that is not yet read to its end: where it is, its title if that is known, and why it waits."""

    id: str
    file: str
    title: str
    reason: str


@dataclass(frozen=True)
class Library:
    """A review folder as read. `files` gives the document of each report id; `problems` those of form only."""

    folder: Path
    protocol: Protocol | None
    reports: tuple[CaseFile, ...]
    links: tuple[Link, ...]
    excluded: tuple[Excluded, ...]
    searches: tuple[Search, ...]
    vocabulary: Vocabulary
    documents: Mapping[str, Document]
    report_documents: Mapping[str, Document]
    problems: tuple[Problem, ...]
    tables: Mapping[str, PatientTable] = field(default_factory=dict)  # report id -> its table of patients
    table_files: Mapping[str, str] = field(default_factory=dict)  # file of a table or mapping -> its case file
    published: PublishedFile | None = None  # pooled figures printed elsewhere
    pending: tuple[Pending, ...] = ()  # in no pool
    second_readings: Mapping[str, SecondReading] = field(default_factory=dict)  # by file
    parts: Mapping[str, Parts] = field(default_factory=dict)  # file -> what is in form of a case file that is not

    records: tuple[Record, ...] = ()  # of searches
    sheets: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)  # person -> decisions on records

    @cached_property
    def standing(self) -> Standing:
        """Where each record of a search stands."""
        pending = frozenset(each.id for each in self.pending)
        excluded = frozenset(each.id for each in self.excluded)
        return Standing(self.records, self.sheets, self.known_ids | pending, pending, excluded)

    @cached_property
    def first_readings(self) -> Mapping[tuple[str, str], str]:
        """(second reader, report) -> the file of that reading; of two by one person, the first."""
        found: dict[tuple[str, str], str] = {}
        for name, reading in self.second_readings.items():
            found.setdefault((key_of_reader(reader_of(name, reading.extraction.by)), reading.report.id), name)
        return found

    @property
    def case_files(self) -> int:
        """The number of case files found, readable or not."""
        return len(self.case_file_names)

    @cached_property
    def case_file_names(self) -> tuple[str, ...]:
        """The names of the case files of a review folder, readable or not."""
        folders = {(self.folder / name).as_posix() for name in CASE_FOLDERS}
        return tuple(name for name in self.documents if name.rpartition("/")[0] in folders)

    @property
    def files_checked(self) -> int:
        """The files that `validate` counts: a second reading is counted with its case file."""
        return sum(f"/{SECOND_FOLDER}/" not in f"/{name}" for name in self.documents)

    def report(self, report_id: str) -> CaseFile | None:
        """The report with this id; of two, the first."""
        return self.by_id.get(report_id)

    @cached_property
    def by_id(self) -> Mapping[str, CaseFile]:
        """The reports by their ids; of two with one id, the first."""
        return MappingProxyType({report.id: report for report in reversed(self.reports)})

    def to_frame(self) -> pd.DataFrame:
        """What the case files say: one row a course of a patient or an arm; None or empty where the source is silent.

        Columns are the fields of case files; `arm` is 0 for a patient, `course` for an arm, whose markers are
        `arm_status`. Nothing is selected or counted here: patients whom two reports describe stand twice.
        """
        import pandas as pd

        return pd.DataFrame([row for report in self.reports for row in _rows_of(report)])

    @cached_property
    def known_ids(self) -> frozenset[str]:
        """The ids of all reports, and of files with an error of form: naming them is not a second mistake."""
        return frozenset(self.by_id) | {Path(name).stem for name in self.case_file_names}


def _rows_of(report: CaseFile) -> Iterator[dict[str, Any]]:
    said = report.report.model_dump(exclude={"id", "former_ids", "overlaps"})
    read = {"report": report.id, **said, "depth": report.extraction.depth}
    for patient in report.patients:
        who = patient.model_dump(exclude={"id", "courses"})
        for number, course in enumerate(patient.courses, start=1):
            yield {**read, "patient": patient.id, "arm": 0, "course": number, **who, **course.model_dump()}
    for number, arm in enumerate(report.arms, start=1):
        counted = arm.model_dump(exclude={"status"})
        yield {**read, "patient": None, "arm": number, "course": 0, **counted, "arm_status": dict(arm.status)}


def read_library(folder: Path | str = "cases") -> Library:
    """Read a review folder. Raises WrongUse if there is none; problems inside files are collected, never raised."""
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise WrongUse(f"{folder.as_posix()} {what}; give the folder of a review, such as cases")
    with collector_paused():
        return _Reader(folder).library()


def read_protocol(folder: Path) -> Protocol | None:
    """The protocol alone, as far as it can be read: what a shell needs to complete the names that it gives."""
    reader = _Reader(folder)
    reader.vocabulary = reader._vocabulary()
    return reader.protocol()


def read_files(paths: Iterable[Path]) -> Library:
    """Read single case files that belong to no review folder; each is checked by itself."""
    reader = _Reader(Path())
    return reader.library_of([(path, reader.case(path)) for path in paths])


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector over work that allocates many small objects and no cycles.

    A library of 10,000 files holds millions of objects; each pass would walk them all and find nothing. Afterwards they
    are put among the old objects (freeze and unfreeze do that without a walk), else the next pass would walk them all.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def review_folder(path: Path) -> Path | None:
    """The review folder that a path is or lies in: it holds review.yaml or literature/."""
    for folder in (path, *path.parents):
        if (folder / PROTOCOL_FILE).is_file() or (folder / CASE_FOLDERS[0]).is_dir():
            return folder
    return None


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.problems: list[Problem] = []
        self.vocabulary = built_in()
        self.tables: dict[str, PatientTable] = {}
        self.table_files: dict[str, str] = {}
        self.pending: list[Pending] = []
        self.parts: dict[str, Parts] = {}

    def library(self) -> Library:
        """The whole review folder."""
        self._refuse_closed_folders()
        self.vocabulary = self._vocabulary()
        cases = [(path, self.case(path)) for name in CASE_FOLDERS for path in self._paths(name)]
        second = {path.as_posix(): self.read(path, SecondReading) for path in self._paths(SECOND_FOLDER)}
        protocol = self.protocol()
        searches = self.entries("searches.yaml", SearchFile, Search)
        records, sheets = self._screened(protocol, searches)
        library = self.library_of(
            cases,
            records=records,
            sheets=sheets,
            second_readings={name: reading for name, reading in second.items() if reading is not None},
            published=self.optional("published-pooled.yaml", PublishedFile),
            protocol=protocol,
            links=self.entries("links.yaml", LinkFile, Link),
            excluded=self.entries("excluded.yaml", ExcludedFile, Excluded),
            searches=searches,
        )
        return replace(library, searches=tuple(map(library.standing.derived, library.searches))) if records else library

    def library_of(
        self,
        cases: Iterable[tuple[Path, CaseFile | None]],
        *,
        protocol: Protocol | None = None,
        links: tuple[Link, ...] = (),
        excluded: tuple[Excluded, ...] = (),
        searches: tuple[Search, ...] = (),
        published: PublishedFile | None = None,
        second_readings: Mapping[str, SecondReading] = MappingProxyType({}),
        records: tuple[Record, ...] = (),
        sheets: Mapping[str, tuple[Decision, ...]] = MappingProxyType({}),
    ) -> Library:
        """The library of case files as read; of two with one id, the first is the one its problems are told of."""
        readable = [self._with_table(path, report) for path, report in cases if report is not None]
        by_id: dict[str, Document] = {}
        for path, report in readable:
            by_id.setdefault(report.id, self.documents[path.as_posix()])
        return Library(
            folder=self.folder,
            protocol=protocol,
            reports=tuple(report for _, report in readable),
            links=links,
            excluded=excluded,
            searches=searches,
            records=records,
            sheets=sheets,
            published=published,
            second_readings=MappingProxyType(dict(second_readings)),
            parts=MappingProxyType(self.parts),
            vocabulary=self.vocabulary,
            documents=MappingProxyType(self.documents),
            report_documents=MappingProxyType(by_id),
            problems=ordered(self.problems),
            tables=MappingProxyType(self.tables),
            table_files=MappingProxyType(self.table_files),
            pending=tuple(self.pending),
        )

    def _screened(
        self, protocol: Protocol | None, searches: Iterable[Search]
    ) -> tuple[tuple[Record, ...], dict[str, tuple[Decision, ...]]]:
        """The records of searches, and person -> decisions on them."""
        path = self.folder / RECORDS
        records: tuple[Record, ...] = ()
        known: set[str] | None = None
        if path.exists():
            broken = any(each.file == (self.folder / "searches.yaml").as_posix() for each in self.problems)
            done = {each.id: each.date or "" for each in searches if each.status == "done"}
            records, sheet = read_records(path.as_posix(), self._bytes(path), None if broken else done)
            known = None if sheet.damaged else {record.id for record in records}
            self._keep(sheet)
        named = protocol.screening.reasons if protocol is not None else ()
        reasons = (*(named or REASONS), *({DUPLICATE} - {*named}))
        sheets: dict[str, tuple[Decision, ...]] = {}
        for each in sheet_paths(self.folder):
            if (person := in_ascii(each.stem)) != each.stem:
                said = (
                    "a sheet is named after a person, in small Latin letters, digits and dashes: this one is not read"
                )
                hint = f"rename it to {person or 'reader-1'}.csv, or delete a copy of another sheet"
                self.problems.append(Problem(each.as_posix(), Position(1, 1), "screening-form", "error", said, hint))
                continue
            sheets[each.stem], sheet = read_decisions(each.as_posix(), self._bytes(each), known, reasons)
            self._keep(sheet)
        return records, sheets

    def _keep(self, sheet: Sheet) -> None:
        self.documents[sheet.name] = sheet.document
        self.problems += sheet.problems

    def _bytes(self, path: Path) -> bytes:
        """A table; one that cannot be read has a problem, and no content."""
        try:
            return read_whole(path, MAXIMUM_BYTES)
        except OSError as error:
            said = f"cannot be read: {error.strerror or error}"
            hint = "check its rights, or put a file in its place"
            self.problems.append(Problem(path.as_posix(), Position(1, 1), "unreadable", "error", said, hint))
            return b""

    def _with_table(self, path: Path, report: CaseFile) -> tuple[Path, CaseFile]:
        """The report with the patients of its table who had a kinase inhibitor, as if they stood in the file."""
        if report.table is None:
            return path, report
        from metaimt.casefiles.patient_table import attach_table

        name = path.as_posix()
        attached = attach_table(path, report, self.documents[name], self.vocabulary)
        self.problems.extend(attached.problems)
        self.table_files |= {problem.file: name for problem in attached.problems}
        self.documents[name] = attached.document
        if attached.table is not None:
            self.tables.setdefault(report.id, attached.table)
        return path, attached.report

    def _refuse_closed_folders(self) -> None:
        """A folder that may not be looked into would be taken for an empty one."""
        for name in (*CASE_FOLDERS, SECOND_FOLDER):
            path = self.folder / name
            if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
                said = "this folder cannot be looked into; its files would be missing"
                self.problems.append(
                    Problem(path.as_posix(), Position(1, 1), "unreadable", "error", said, "check its rights")
                )

    def _paths(self, name: str) -> list[Path]:
        """The case files of one folder, or second readings, also those in the folder of a person."""
        inside = ("", "*/") if name == SECOND_FOLDER else ("",)
        found = [path for at in inside for end in ("yaml", "yml") for path in (self.folder / name).glob(f"{at}*.{end}")]
        seen = (each for each in found if not any(map(LEFT_BEHIND.fullmatch, (each.name, each.parent.name))))
        read = (each for each in seen if not each.match("*.mapping.y*ml"))
        return sorted(read, key=lambda path: (path.name, path.as_posix()))

    def document(self, path: Path) -> Document:
        """The document of a file; one that cannot be read has a problem and no data."""
        name = path.as_posix()
        try:
            document = parse(name, read_regular(path, MAXIMUM_BYTES))
        except OSError as error:
            hint = "check its rights" if isinstance(error, PermissionError) else "put a file in its place"
            said = f"cannot be read: {error.strerror or error}"
            problem = Problem(name, Position(1, 1), "unreadable", "error", said, hint)
            document = Document(name, "", None, (problem,), None)
        self.documents[name] = document
        return document

    def read(self, path: Path, model: type[Model]) -> Model | None:
        found, problems = read_model(self.document(path), model, self.vocabulary)
        self.problems.extend(problems)
        return found

    def case(self, path: Path) -> CaseFile | None:
        """A case file; of one that says `status: pending` whatever it holds is told and stops nothing."""
        document = self.document(path)
        if document.problems and _SAYS_PENDING.search(document.text):
            self.problems += [replace(problem, severity="warning") for problem in document.problems]
            self.pending.append(Pending(path.stem, path.as_posix(), "", "it cannot be read yet"))
            return None
        if not isinstance(document.data, dict) or document.data.get("status") != PENDING:
            return self._unless_broken(document)
        report, reason = document.data.get("report"), document.data.get("reason")
        told = report if isinstance(report, dict) else {}
        if not isinstance(reason, str) or not reason.strip():
            hint = "add reason: what is waited for, such as the full text"
            self.problems.append(document.problem(("status",), "pending-without-reason", "no reason is given", hint))
            reason = "no reason given"
        _, found = read_model(document, CaseFile, self.vocabulary)
        unfinished = {"missing-field", "nobody"}
        self.problems += [replace(problem, severity="warning") for problem in found if problem.rule not in unfinished]
        title = str(told.get("title") or "")
        self.pending.append(Pending(str(told.get("id") or path.stem), path.as_posix(), title, reason))
        return None

    def _unless_broken(self, document: Document) -> CaseFile | None:
        """A case file; of one with an error of form the patients and arms that are in form are kept."""
        found, problems = read_model(document, CaseFile, self.vocabulary, _MAY_WAIT)
        self.problems.extend(problems)
        data = document.data
        if found is None and isinstance(data, dict):
            patients = readable_entries(data.get("patients"), Patient, self.vocabulary)
            self.parts[document.name] = Parts(patients, readable_entries(data.get("arms"), Arm, self.vocabulary))
        return found

    def entries(self, name: str, model: type[RootModel[tuple[E, ...]]], entry: type[E]) -> tuple[E, ...]:
        """The entries of a shared list; those of a list with an error of form that are in form themselves."""
        path = self.folder / name
        if not path.exists():
            return ()
        if (found := self.read(path, model)) is not None:
            return found.root
        document = self.documents[path.as_posix()]
        kept = readable_entries(document.data, entry, self.vocabulary)
        self.documents[document.name] = ListDocument(**vars(document), kept=tuple(kept))
        return tuple(kept.values())

    def protocol(self) -> Protocol | None:
        """The protocol, if its fields are in form and the names in it exist."""
        found = self.optional(PROTOCOL_FILE, Protocol)
        document = self.documents.get((self.folder / PROTOCOL_FILE).as_posix())
        faults = list(protocol_faults(document.data)) if document is not None else []
        if document is not None:
            self.problems += [document.problem(*fault) for fault in faults]
        return None if faults else found

    def optional(self, name: str, model: type[Model]) -> Model | None:
        path = self.folder / name
        return self.read(path, model) if path.exists() else None

    def _vocabulary(self) -> Vocabulary:
        path = self.folder / _ADDED_TERMS
        if not path.exists():
            return built_in()
        document = self.document(path)
        self.problems.extend(document.problems)
        if document.problems and document.data is None:
            return built_in()
        vocabulary, problems = added_terms(document, built_in())
        self.problems.extend(problems)
        return vocabulary
