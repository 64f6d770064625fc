"""Case files from a workbook of `metaimt export cases.xlsx`: what can be taken over, and why the rest cannot.

The cells are read by the model that reads case files, so that a mistake is told with the same hint, at its cell. A
report is taken over whole or not at all. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from metaimt.casefiles.library import CASE_FOLDERS, Library
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.strict_yaml import MAXIMUM_BYTES, Document, parse
from metaimt.casefiles.tables import (
    Cell,
    Row,
    Table,
    WrongCell,
    cell_name,
    key_of,
    open_table,
    sheet_titles,
)
from metaimt.curation.case_sheet import ONE, PARTS, Column, columns, from_cell, to_cell
from metaimt.curation.new_case import Draft, Known, case_text, checked_id, without_controls
from metaimt.files import as_edited
from metaimt.problem import Position, Problem, WrongUse, ordered
from metaimt.vocabulary import Vocabulary, one_slip

RULE: Final = "case-sheet"
NOT_READ: Final = ("Read me", "Fields", "Lists")
"""Sheets that the export writes for people and drop-downs."""
SECTIONS: Final = ("report", "extraction", "patients", "arms")
_SHEET_OF: Final = {part: sheet for sheet, parts in PARTS.items() for part in parts if part in {"patients", "arms"}}
_LOCAL, _LITERATURE = "local", CASE_FOLDERS[0]
Steps = tuple[str | int, ...]
State = Literal["new", "same", "differs"]


@dataclass(frozen=True, slots=True)
class Place:
    """A cell, counted from 1, or a row of a sheet."""

    sheet: str
    row: int
    column: int

    @property
    def name(self) -> str:
        """`Courses!F12`."""
        return f"{self.sheet}!{cell_name(self.row, self.column)}"


@dataclass(frozen=True, slots=True)
class Imported:
    """A report of the workbook that can be taken over: its file in the review, its content, and how they differ."""

    id: str
    file: str
    content: bytes
    state: State
    differences: tuple[str, ...] = ()
    pending: bool = False  # the file waits, and still does


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the reports, the problems, the rows that are not taken over (sheet, row, report id), and notes."""

    reports: tuple[Imported, ...]
    problems: tuple[Problem, ...]
    left: tuple[tuple[str, int, str], ...]
    notes: tuple[str, ...]


Values = list[tuple[Column, Any, Place]]


@dataclass
class _Report:
    """The rows of one report, put together: `data` as in a case file, where each value stands, and what is wrong."""

    name: str
    first: Place
    data: Draft = field(default_factory=dict)
    places: dict[Steps, Place] = field(default_factory=dict)
    rows: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def in_order_of(self, patients: Sequence[Draft]) -> None:
        """Put the patients into the order of the file, new ones last, with the places of their cells."""
        known = [str(one["id"]) for one in patients]
        found = self.data.get("patients", [])
        places = {name: place for place, name in enumerate(known)}
        order = sorted(range(len(found)), key=lambda k: (places.get(str(found[k]["id"]), len(known)), k))
        moved = {old: new for new, old in enumerate(order)}
        found[:] = [found[k] for k in order]
        self.places = {
            (path[0], moved[int(path[1])], *path[2:]) if path[:1] == ("patients",) and path[1:] else path: place
            for path, place in self.places.items()
        }


@dataclass(frozen=True)
class _Cells(Document):
    """The data of one report as a document whose places are cells."""

    places: Mapping[Steps, Place]

    def problem(self, path: Steps, rule: str, message: str, hint: str = "", **more: Any) -> Problem:
        """A problem at the cell of `path`, or of what it is part of."""
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in self.places), ())
        place = self.places[known]
        return _told(self.name, place, message, hint, rule=rule, severity=more.get("severity", "error"))


def _told(file: str, place: Place, message: str, hint: str, *, rule: str = RULE, severity: Any = "error") -> Problem:
    return Problem(file, Position(place.row, place.column), rule, severity, f"{place.name}: {message}", hint)


def read_cases(path: Path, library: Library, marker: str) -> Reading:
    """What a workbook holds, against the review it is to go into. `marker`: the gene of examples in a new file.

    Raises WrongUse for a workbook without a sheet of the right name, UnreadableTable for what is no workbook, OSError.
    """
    titles = {key_of(title): title for title in sheet_titles(path)}
    present = [sheet for sheet in PARTS if key_of(sheet) in titles]
    if not present:
        raise WrongUse(f"{path} has no sheet {' or '.join(PARTS)}; metaimt export cases.xlsx writes one to fill in")
    reader = _Reader(path, library)
    reader.other_sheets(titles)
    for sheet in present:
        reader.read(sheet)
    return reader.reading(marker)


class _Reader:
    def __init__(self, path: Path, library: Library) -> None:
        self._path, self._library = path, library
        self._file = path.as_posix()
        self._columns = columns(library.vocabulary)
        self._reports: dict[str, _Report] = {}
        self._given: dict[str, set[str]] = {}  # sheet -> the names of its columns
        self._problems: list[Problem] = []
        self._left: list[tuple[str, int, str]] = []
        self._notes: list[str] = []
        self._forbidden = False  # nobody can say what is whose: nothing is taken over

    def other_sheets(self, titles: Mapping[str, str]) -> None:
        """Sheets that are not read: one that looks like a copy of one that is may hold what somebody typed."""
        own = {key_of(sheet) for sheet in (*PARTS, *NOT_READ)}
        for key, title in titles.items():
            if key in own:
                continue
            if any(key.startswith(key_of(sheet)) for sheet in PARTS):
                hint = f"keep one sheet of each, named {' and '.join(PARTS)}"
                self._forbid(Place(title, 1, 1), f"the sheet '{title}' is not read", hint)
            else:
                self._notes.append(f"the sheet '{title}' is not read")

    def _forbid(self, place: Place, message: str, hint: str) -> None:
        self._forbidden = True
        self._problems.append(_told(self._file, place, message, hint))

    def read(self, sheet: str) -> None:
        """Put together what the rows of a sheet say."""
        known = {key_of(column.name): column for column in self._columns[sheet]}
        with open_table(self._path, lambda row: sum(key_of(each) in known for each in row), sheet=sheet) as table:
            places = self._headings(sheet, table, known)
            self._given[sheet] = {column.name for column in places.values()}
            if any(note.startswith("the heading is row") for note in table.notes):
                hint = "sort the rows so that the headings are the first, or delete what is above"
                self._forbid(Place(sheet, table.heading.number, 1), "rows above the headings are not read", hint)
            if not places:
                return
            table.refuse_merged(places)
            for row in table.rows:
                if not row.empty:
                    self._row(sheet, row, places)

    def _headings(self, sheet: str, table: Table, known: Mapping[str, Column]) -> dict[int, Column]:
        """The columns by their places; none if a heading is not known, stands twice, or needed ones are missing."""
        found: dict[int, Column] = {}
        before = len(self._problems)
        for at, heading in enumerate(table.headings):
            if not heading:
                continue
            place = Place(sheet, table.heading.number, at + 1)
            column = known.get(key_of(heading))
            if column is None:
                near = next((name for name in known if one_slip(key_of(heading), name)), "")
                hint = f"write {near}; or delete the column" if near else "delete it; the sheet Fields lists all"
                self._forbid(place, f"'{heading}' is no column of the sheet", hint)
            elif column in found.values():
                self._forbid(place, f"the column {column.name} stands twice", "delete one of them")
            else:
                found[at] = column
        needed = {"id", "patient"} if "patients" in PARTS[sheet] else {"id"}
        for name in sorted(needed - {column.name for column in found.values()}):
            self._forbid(Place(sheet, table.heading.number, 1), f"there is no column {name}", f"add the column {name}")
        return {} if len(self._problems) > before else found

    def _row(self, sheet: str, row: Row, columns_: Mapping[int, Column]) -> None:
        used = [(at, column) for at, column in columns_.items() if at < len(row.cells)]
        cells = [(column, row.cells[at], Place(sheet, row.number, at + 1)) for at, column in used]
        cell, place = (
            next((cell, place) for column, cell, place in cells if column.name == "id") if cells else ("", None)
        )
        name = "" if cell is None else str(cell).strip()
        if (fault := _no_id(name)) is not None:
            self._forbid(place or Place(sheet, row.number, 1), *fault)
            self._left.append((sheet, row.number, ""))
            return
        report = self._reports.setdefault(name, _Report(name, Place(sheet, row.number, 1)))
        report.places.setdefault((), report.first)
        report.rows.append((sheet, row.number))
        values: dict[str, Values] = {part: [] for part in PARTS[sheet]}
        for column, cell, place in cells:
            try:
                value = _value(cell, column)
            except WrongCell as wrong:
                report.problems.append(_told(self._file, place, str(wrong), wrong.hint))
            else:
                if value is not None:
                    values[column.part].append((column, value, place))
        self._put(report, sheet, row, values)

    def _put(self, report: _Report, sheet: str, row: Row, values: Mapping[str, Values]) -> None:
        for part in ("report", "extraction"):
            self._into(report, (part,), report.data.setdefault(part, {}), values[part])
            report.places.setdefault((part,), report.first)
        here = Place(sheet, row.number, 1)
        if "arms" in values:
            arms = report.data.setdefault("arms", [])
            if values["arms"]:
                report.places["arms", len(arms)] = here
                arms.append({})
                self._into(report, ("arms", len(arms) - 1), arms[-1], values["arms"])
            return
        patients = report.data.setdefault("patients", [])
        named = next((str(value) for column, value, _ in values["patients"] if column.field == "id"), "")
        if not named:
            if values["patients"] or values["courses"]:
                report.problems.append(_told(self._file, here, "the row has no patient", "add it: P1"))
            return
        number = next((k for k, one in enumerate(patients) if one["id"] == named), len(patients))
        if number == len(patients):
            patients.append({"id": named, "courses": []})
            report.places["patients", number] = here
        self._into(report, ("patients", number), patients[number], values["patients"])
        courses = patients[number]["courses"]
        steps: Steps = ("patients", number, "courses", len(courses))
        courses.append({})
        report.places[steps] = here
        self._into(report, steps, courses[-1], values["courses"])

    def _into(self, report: _Report, steps: Steps, held: Draft, values: Values) -> None:
        """Put values into one part; what another row says otherwise is a problem."""
        for column, value, place in values:
            path = (*steps, column.field)
            if column.field in held and path in report.places and held[column.field] != value:
                first = report.places[path]
                message = f"{column.name} is not what {first.name} says, and a {ONE.get(column.part, 'report')} has one"
                hint = f"make them equal, or leave one empty: '{to_cell(held[column.field])}' or '{to_cell(value)}'"
                report.problems.append(_told(self._file, place, message, hint))
            else:
                held[column.field] = value
                report.places.setdefault(path, place)

    def reading(self, marker: str) -> Reading:
        """Each report against the review; none where nobody can say what a cell means, or whose a row is."""
        done: list[Imported] = []
        problems = list(self._problems)
        known = Known(self._library)
        for report in self._reports.values():
            found, wrong = (None, ()) if self._forbidden else self._imported(report, marker, known)
            problems += [*report.problems, *wrong]
            if found is None or report.problems:
                self._left += [(sheet, row, report.name) for sheet, row in report.rows]
            else:
                done.append(found)
        return Reading(tuple(done), ordered(problems), tuple(sorted(set(self._left))), tuple(self._notes))

    def _imported(self, report: _Report, marker: str, known: Known) -> tuple[Imported | None, tuple[Problem, ...]]:
        before = _file_of(report.name, self._library)
        held = before.data if before is not None else {}
        if before is not None and (before.problems or not _is_in_form(held)):
            hint = f"mend it first: metaimt validate {before.name}"
            return None, (_told(self._file, report.first, f"the file of {report.name} cannot be read", hint),)
        if before is not None and (lost := tuple(self._lost(held, report))):
            hint = f"an import takes nothing away: add it to the workbook, or delete it in {before.name}"
            return None, tuple(_told(self._file, report.first, said, hint) for said in lost)
        report.in_order_of(held.get("patients") or ())
        data = self._over(held, report)
        document = _Cells(self._file, "", data, (), None, report.places)
        model, problems = read_model(document, CaseFile, self._library.vocabulary)
        if model is None or report.problems:
            return None, problems
        if before is None:
            if taken := next(_taken(data["report"], known), None):
                return None, (_told(self._file, report.first, taken, "leave it out, or correct its identifiers"),)
            folder = _LOCAL if model.report.setting == _LOCAL else _LITERATURE
            file = (self._library.folder / folder / f"{model.id}.yaml").as_posix()
            text = case_text(data, self._library.vocabulary, marker, "", teach=False)
            return self._of_size(report, Imported(model.id, file, text.encode(), "new"))
        differences = tuple(_differences(before, data, report.places))
        text = _spliced(before, data, self._library.vocabulary, marker) if differences else before.text
        content = as_edited(Path(before.name).read_bytes(), text)
        state: State = "differs" if differences else "same"
        found = Imported(model.id, before.name, content, state, differences, held.get("status") == "pending")
        return self._of_size(report, found)

    def _of_size(self, report: _Report, found: Imported) -> tuple[Imported | None, tuple[Problem, ...]]:
        """A file that is too large to be read again is not written."""
        if (size := len(found.content)) > MAXIMUM_BYTES:
            said = f"the file would have {size:,} bytes; at most {MAXIMUM_BYTES:,} are read"
            return None, (_told(self._file, report.first, said, "split it: one publication a file"),)
        return found, ()

    def _given_of(self, report: _Report) -> set[tuple[str, str]]:
        """(part, field) of which every row of the report has a column; of the others the file is kept."""
        sheets = {sheet for sheet, _ in report.rows}
        names = {
            sheet: {(c.part, c.field) for c in self._columns[sheet] if c.name in self._given[sheet]} for sheet in sheets
        }
        shared = {name for part in ("report", "extraction") for name in set.union(*names.values()) if name[0] == part}
        missing = {name for name in shared if any(name not in given for given in names.values())}
        return set.union(*names.values()) - missing

    def _lost(self, held: Draft, report: _Report) -> Iterator[str]:
        """What the file has and the rows of the report do not; and what can be told apart by a deleted column alone."""
        given, sheets = self._given_of(report), {sheet for sheet, _ in report.rows}
        now = {str(one["id"]): one for one in report.data.get("patients", ())}
        for one in held.get("patients") or () if _SHEET_OF["patients"] in sheets else ():
            if (again := now.get(str(one["id"]))) is None:
                yield f"patient {one['id']} of the file: in no row of the workbook"
            else:
                yield from _moved(
                    f" of patient {one['id']}", "courses", one.get("courses") or (), again["courses"], given
                )
        if _SHEET_OF["arms"] in sheets:
            yield from _moved("", "arms", held.get("arms") or (), report.data.get("arms", ()), given)

    def _over(self, held: Draft, report: _Report) -> Draft:
        """The data of the file with what the workbook has columns for put in its place; without a file, the latter."""
        given, sheets = self._given_of(report), {sheet for sheet, _ in report.rows}

        def over(part: str, old: Draft, new: Draft) -> Draft:
            kept = {name: value for name, value in old.items() if (part, name) not in given and name != "courses"}
            return kept | new

        data: Draft = {name: value for name, value in held.items() if name not in SECTIONS}
        for part in ("report", "extraction"):
            if fields := over(part, held.get(part) or {}, report.data.get(part, {})):
                data[part] = fields
        was = {str(one["id"]): one for one in held.get("patients") or ()}
        patients = []
        for one in report.data.get("patients", ()):
            old = was.get(str(one["id"]), {})
            before = [*(old.get("courses") or ()), *({} for _ in one["courses"])]
            courses = [over("courses", before[k], course) for k, course in enumerate(one["courses"])]
            patients.append(over("patients", old, one) | {"courses": courses})
        arms = list(report.data.get("arms", ()))
        for k, old in enumerate((held.get("arms") or ())[: len(arms)]):
            arms[k] = over("arms", old, arms[k])
        for name, found in (("patients", patients), ("arms", arms)):
            if entries := found if _SHEET_OF[name] in sheets else held.get(name):
                data[name] = list(entries)
        return data


def _no_id(name: str) -> tuple[str, str] | None:
    """What is wrong with an id, and what to type: a row of nobody may be a patient of any report."""
    if not name:
        return "the row has no id, so that nobody can say of which report it is", "add it: smith-2026"
    try:
        checked_id(name)
    except WrongUse as error:
        return f"{error}", "until it is right nothing is taken over"
    return None


def _is_in_form(held: object) -> bool:
    """Whether the parts of a file that the sheets hold are mappings and lists of mappings; each may be missing."""
    if not isinstance(held, dict):
        return False
    patients, arms = held.get("patients") or [], held.get("arms") or []
    if not all(isinstance(each, list) for each in (patients, arms)):
        return False
    courses = [one.get("courses") or [] for one in patients if isinstance(one, dict)]
    entries = [*patients, *arms, *(one for each in courses if isinstance(each, list) for one in each)]
    parts = [held.get(part) or {} for part in ("report", "extraction")]
    named = all("id" in one for one in patients if isinstance(one, dict))
    return (
        named
        and all(isinstance(one, dict) for one in [*entries, *parts])
        and all(isinstance(each, list) for each in courses)
    )


def _moved(
    of: str, part: str, old: Sequence[Draft], new: Sequence[Draft], given: Collection[tuple[str, str]]
) -> Iterator[str]:
    """Entries that are missing; and, where a column was deleted, others than those whose fields would be kept."""
    if len(new) < len(old):
        missing = f"{ONE[part]} {len(old)}" if len(old) == len(new) + 1 else f"{len(old) - len(new)} {part}"
        yield f"{missing}{of} of the file: in no row of the workbook"
        return
    for number, (before, after) in enumerate(zip(old, new, strict=False), start=1):
        kept = [name for name in before if (part, name) not in given]
        same = ("drug", "label", "evaluable", "responders", "response", "dose")
        if kept and any(before.get(name) != after.get(name) for name in same if (part, name) in given):
            said = f"{ONE[part]} {number}{of} is another than in the file, whose {', '.join(kept)} would be kept"
            yield f"{said}, since the workbook has no such column"


def _value(cell: Cell, column: Column) -> Any:
    value = from_cell(cell, column)
    return without_controls(value) if type(value) is str else value


def _file_of(name: str, library: Library) -> Document | None:
    folders = [(library.folder / each).as_posix() for each in CASE_FOLDERS]
    return next((found for each in folders if (found := library.documents.get(f"{each}/{name}.yaml"))), None)


def _taken(report: Mapping[str, Any], known: Known) -> Iterator[str]:
    """Who in the review is the same publication, or has the id."""
    for name in ("id", "doi", "pmid", "pmcid"):
        if name in report and (taken := known.find(name, str(report[name]))):
            yield taken.told


def _entries(data: Mapping[str, Any]) -> Iterator[tuple[str, Steps, Mapping[str, Any]]]:
    """The parts of a case file that have fields: a plain name, the path, and the fields."""
    for part in ("report", "extraction"):
        yield part, (part,), data.get(part) or {}
    for k, patient in enumerate(data.get("patients") or ()):
        yield f"patients/{patient['id']}", ("patients", k), {n: v for n, v in patient.items() if n != "courses"}
        for j, course in enumerate(patient.get("courses") or ()):
            yield f"patients/{patient['id']}/courses/{j + 1}", ("patients", k, "courses", j), course
    for k, arm in enumerate(data.get("arms") or ()):
        yield f"arms/{k + 1}", ("arms", k), arm


def _differences(before: Document, data: Mapping[str, Any], places: Mapping[Steps, Place]) -> Iterator[str]:
    """What a file and the workbook say differently: field, what the file says with its line, what the cell says."""
    old = {name: (path, fields) for name, path, fields in _entries(before.data)}
    new = {name: (path, fields) for name, path, fields in _entries(data)}
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name, ((), {}))[1], new.get(name, ((), {}))[1]
        for each in dict.fromkeys([*was, *now]):
            if _plain(was.get(each)) == _plain(now.get(each)):
                continue
            path = (*new.get(name, old.get(name, ((), {})))[0], each)
            line = f" in line {before.position((*old[name][0], each)).line}" if each in was else ""
            cell = f" in {places[path].name}" if each in now and path in places else ""
            yield f"{name}/{each}: {_said(was.get(each))}{line}, now {_said(now.get(each))}{cell}"


def _said(value: object) -> str:
    return "nothing" if value is None else f"'{to_cell(value)}'"


def _plain(value: object) -> object:
    return without_controls(value) if isinstance(value, str) else value


def _spliced(before: Document, data: Draft, vocabulary: Vocabulary, marker: str) -> str:
    """The text of a file with the sections that changed written anew; the others keep every byte and comment."""
    changed = [name for name in SECTIONS if before.data.get(name) != data.get(name)]
    fresh = _sections(parse(before.name, case_text(data, vocabulary, marker, "", teach=False, plain=True).encode()))
    kept = _sections(before)
    parts = [kept.pop("", "")]
    for name in dict.fromkeys([*kept, *(each for each in SECTIONS if each in fresh)]):
        text = fresh.get(name, "") if name in changed else kept[name]
        parts.append(text if text.endswith("\n") or not text else f"{text}\n")
    text = "".join(parts)
    if _all_plain(parse(before.name, text.encode()).data) != _all_plain(data):
        raise WrongUse(f"{before.name} cannot be changed in place; change it in an editor")
    return text


def _all_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _all_plain(each) for name, each in value.items()}
    return [_all_plain(each) for each in value] if isinstance(value, list) else _plain(value)


def _sections(document: Document) -> dict[str, str]:
    """The text of each section of a case file, with the comment above it; under no name what is before the first."""
    lines = document.text.splitlines(keepends=True)
    starts = sorted((document.position((name,), key=True).line - 1, name) for name in document.data)
    for k, (start, name) in enumerate(starts[1:], start=1):
        above = start
        while above > starts[k - 1][0] + 1 and (not lines[above - 1].strip() or lines[above - 1].startswith("#")):
            above -= 1
        starts[k] = (above, name)
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    found = {name: "".join(lines[start:end]) for (start, name), end in zip(starts, ends, strict=True)}
    return {"": "".join(lines[: starts[0][0]])} | found
