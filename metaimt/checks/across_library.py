"""Rules that need more than one file: ids, overlaps, and how markers are written.

Each function yields (document name, path, message, hint).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from metaimt.casefiles.fields import ID_PATTERN
from metaimt.casefiles.library import PROTOCOL_FILE, Library
from metaimt.casefiles.model import Arm, CaseFile, Patient
from metaimt.casefiles.records import RECORDS
from metaimt.casefiles.second_reading import is_second_reading
from metaimt.casefiles.shared import Search
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.labels import told_status
from metaimt.checks.of_report import EARLIEST
from metaimt.checks.rule import Located, Rule, rule, rules_in, tests_of, treatments, units
from metaimt.files import in_ascii
from metaimt.problem import nearest_of
from metaimt.vocabulary import REGIMEN, members

_ID = re.compile(ID_PATTERN)
_NEAR = 15  # ids before and after the place of an unknown one that are compared with it

_CHANGE = re.compile(r"[A-Z]\d{1,5}[A-Z*=]")
_LOOK_ALIKE = str.maketrans("АВЕКМНОРСТХαΑΒΕΚΜΝΟΡΤΧ", "ABEKMHOPCTXaABEKMNOPTX")


def name_of(library: Library, report: CaseFile) -> str:
    """The name of the document of a report."""
    return library.report_documents[report.id].name


def shared(library: Library, name: str) -> str:
    """The name of a shared document, such as links.yaml, as the library knows it."""
    return (library.folder / name).as_posix()


def is_readable(library: Library, name: str) -> bool:
    """False if a shared document has errors of form: what it would say is then not known, so nothing is missed."""
    return all(problem.file != shared(library, name) for problem in library.problems)


def stem_of(name: str) -> str:
    """The name of a file without its folder and its ending."""
    base = name.rpartition("/")[2]
    return base.rpartition(".")[0] or base


def did_you_mean(text: str, known: Iterable[str], otherwise: str, *, itself: str = "") -> str:
    """A hint with the nearest of the known ids but `itself`, or `otherwise`.

    Of many ids only those are compared that begin or end most alike: one slip leaves the beginning or the end.
    """
    every = frozenset(known)
    near = {*_beside(text, every), *_beside(text, every, -1)}
    return nearest_of(text, sorted(near - {itself}), otherwise)


def _beside(text: str, every: frozenset[str], step: int = 1) -> Iterator[str]:
    ordered = _sorted(every, step)
    at = bisect_left(ordered, text[::step])
    return (known[::step] for known in ordered[max(0, at - _NEAR) : at + _NEAR])


@lru_cache(maxsize=8)
def _sorted(known: frozenset[str], step: int) -> Sequence[str]:
    """By their beginnings; with step -1 turned round, by their ends."""
    return sorted(each[::step] for each in known)


@rule("id-not-file-name")
def id_is_file_name(library: Library) -> Iterator[Located]:
    """A report is found by its id: the file is named after it."""
    for report_id, document in library.report_documents.items():
        stem = stem_of(document.name)
        if report_id != stem:
            message = f"id '{report_id}' in a file named '{document.name.rpartition('/')[2]}'"
            yield document.name, ("report", "id"), message, _one_name(report_id, stem)


def _one_name(report_id: str, stem: str) -> str:
    """What to type so that a file and its report have one name; a name of a file that no id may have is no advice."""
    fitting = in_ascii(stem)
    if _ID.fullmatch(stem):
        return f"write id: {stem}, or rename the file"
    if fitting in {"", report_id}:
        return f"rename the file to {report_id}.yaml"
    return f"rename the file to {fitting}.yaml and write id: {fitting}"


@rule("repeated-report-id")
def report_ids_differ(library: Library) -> Iterator[Located]:
    """An id stands for one report; the second reading of a report has its id too."""
    for name, document in library.documents.items():
        report = document.data.get("report") if isinstance(document.data, dict) else None
        used = str(report.get("id")) if isinstance(report, dict) else ""
        first = library.report_documents.get(used)
        if name in {each.file for each in library.pending}:
            continue
        if first is not None and first.name != name and not is_second_reading(name):
            stem = stem_of(name)
            hint = "give one of them another id, such as smith-2024-b, and rename its file"
            hint = hint if stem == used else _one_name("", stem)
            yield name, ("report", "id"), f"id '{used}' is already used by {first.name}", hint


@rule("unknown-overlap")
def overlaps_exist(library: Library) -> Iterator[Located]:
    """Overlaps name other reports of the review, or excluded ones."""
    overlapping = [report for report in library.reports if report.report.overlaps]
    known = library.known_ids | {excluded.id for excluded in library.excluded}
    for report in overlapping:
        for o, other in enumerate(report.report.overlaps):
            path = ("report", "overlaps", o)
            if other == report.id:
                message = "overlaps: a report does not overlap itself"
                yield name_of(library, report), path, message, f"delete {other} here"
            elif other not in known and is_readable(library, "excluded.yaml"):
                hint = did_you_mean(other, known, "write the id of another case file, or delete it", itself=report.id)
                yield name_of(library, report), path, f"overlaps: no report has the id '{other}'", hint


@rule("marker-spelling")
def markers_are_written_alike(library: Library) -> Iterator[Located]:
    """A marker in small letters would count as its status not stated, without a word."""
    for report in library.reports:
        for path, marker in _markers(report):
            if (word := _slip(marker, library)) is not None:
                message = f"'{marker}' is not taken for {word}: the status would count as not stated"
                yield name_of(library, report), path, message, f"write {word}"


def _markers(report: CaseFile) -> Iterator[tuple[Path, str]]:
    """Every marker with its path in the file."""
    for path, unit in units(report):
        for test, results in tests_of(unit).items():
            yield from (((*path, test, marker), marker) for marker in results)


@rule("unknown-marker", "warning")
def markers_are_known(library: Library) -> Iterator[Located]:
    """A marker that no row of the protocol can mean says nothing; a positive one may be of another tumour."""
    known = {*library.vocabulary.terms("kinase"), *library.vocabulary.terms("marker")}
    for report in library.reports:
        for path, marker in _markers(report):
            if marker in known or _slip(marker, library) is not None:
                continue
            meant = library.vocabulary.belongs("kinase", marker) or library.vocabulary.belongs("marker", marker)
            hint = f"write {meant}" if meant else "write a gene or marker of the vocabulary, or add it under marker"
            if meant and "/" in meant:
                hint = f"write {', '.join(members(meant))}, or {meant} where the source does not say which"
            message = f"'{marker}' is no marker of the vocabulary: no row of the protocol asks for it"
            yield name_of(library, report), path, message, hint


def _slip(marker: str, library: Library) -> str | None:
    """The kinase that a marker is another spelling of, also with letters of other alphabets that look the same."""
    kinases = frozenset(library.vocabulary.terms("kinase"))
    plain = marker.strip().translate(_LOOK_ALIKE)
    word = re.split(r"[^A-Za-z0-9]", plain)[0].upper()
    if marker in kinases:
        return None
    listed = library.vocabulary.belongs("kinase", plain)
    meant = word if word in kinases else listed
    return meant if meant is not None and "/" not in meant else None


@rule("nothing-identified", "warning")
def patients_have_a_tumour(library: Library) -> Iterator[Located]:
    """Without histology, fusion, marker and mutation nothing says that the patient belongs to the review."""
    for report in library.reports:
        for path, unit in units(report):
            if not any((unit.histology, unit.fusion_gene, unit.mutations, *tests_of(unit).values())):
                arm = f"arm {int(path[-1]) + 1}", "label", "status"
                who, place, test = arm if isinstance(unit, Arm) else (f"patient {unit.id}", "id", "ihc")
                message = f"{who}: histology, fusion and marker are all missing"
                hint = f"add histology, fusion_gene or {test} as the source says"
                yield name_of(library, report), (*path, place), message, hint


@rule("status-left-out", "warning")
def status_is_told(library: Library) -> Iterator[Located]:
    """Where the report says which tumours it is about, whoever has no status is lost to a row without a word."""
    for report in library.reports:
        design, untold = report.report.design, [a for a, arm in enumerate(report.arms) if not _has_status(arm)]
        patients = report.patients if design in {"case_report", "case_series"} else ()
        untested = [p for p, patient in enumerate(patients) if not _has_status(patient)]
        if not untold and not untested:
            continue
        document, told = name_of(library, report), told_status(report.report.title or "", library.vocabulary)
        positive = next((marker for marker, said in told.items() if said == {"positive"}), None)
        for a in untold:
            if positive or len(untold) < len(report.arms) or design == "trial":
                marker = f": {{{positive}: positive}}, or negative, or mixed," if positive else ""
                hint = f"add status{marker} as the source says"
                yield document, ("arms", a, "label"), f"arm {a + 1} has no status", hint
        for p in untested if positive else ():
            message = f"patient {report.patients[p].id} has no status, but the title says {positive}-positive"
            hint = f"add fusion_gene: {positive}, rearranged or ihc, as the source says"
            yield document, ("patients", p, "id"), message, hint


def _has_status(unit: Patient | Arm) -> bool:
    return any(tests_of(unit).values()) or unit.fusion_gene is not None


@rule("depth-left-out", "warning")
def depth_is_told(library: Library) -> Iterator[Located]:
    """How much was read decides whether a report may be in a strict pool; left out, it is in none that asks."""
    for report in library.reports:
        responses = any(course.response for patient in report.patients for course in patient.courses)
        if report.extraction.depth is None and (responses or any(arm.responders is not None for arm in report.arms)):
            hint = "add depth: full_text, abstract, title or secondary"
            yield name_of(library, report), ("extraction",), "no depth: how much of the source was read", hint


@rule("new-partner", "warning")
def partners_are_known(library: Library) -> Iterator[Located]:
    """A partner that this tumour was not known to have may be new, or the gene of another tumour."""
    known = {*library.vocabulary.terms("partner"), *library.vocabulary.terms("kinase")}
    for report in library.reports:
        for path, unit in units(report):
            partner = unit.fusion_partner
            if partner is not None and partner not in known:
                message = f"fusion_partner: {partner} is new to the review's vocabulary"
                hint = "check it against the source; then add it under partner in cases/vocabulary.yaml"
                yield name_of(library, report), (*path, "fusion_partner"), message, hint


@rule("drug-without-target", "warning")
def drugs_have_targets(library: Library) -> Iterator[Located]:
    """A drug of the review's own vocabulary counts in no pool unless its targets are said."""
    if library.protocol is None or library.protocol.format == 1:
        return
    silent = {drug.name for drug in library.vocabulary.drugs.values() if drug.named and not drug.targets}
    for report in library.reports if silent else ():
        for path, unit in treatments(report):
            for drug in sorted(silent.intersection(unit.drug.split(REGIMEN))):
                message = f"{drug} has no targets: it counts only where the protocol names not_stated"
                place = shared(library, "vocabulary.yaml")
                hint = f"add targets: the genes that its label names, to {drug} in {place}"
                yield name_of(library, report), (*path, "drug"), message, hint


@rule("unclear-change", "warning")
def changes_can_be_compared(library: Library) -> Iterator[Located]:
    """Where a row asks for one change of a gene, a change that is not one such is of no row, or of the wrong one."""
    rows = library.protocol.rows.values() if library.protocol is not None else ()
    asked = {row.mutation: row.change for row in rows if row.mutation is not None and row.change is not None}
    for report in library.reports if asked else ():
        for path, unit in units(report):
            for m, mutation in enumerate(unit.mutations):
                if mutation.gene in asked and not _CHANGE.fullmatch(mutation.change or ""):
                    message = f"{mutation.gene}: {mutation.change or 'no change'} is not one change of the protein"
                    hint = (
                        f"the protocol asks for {asked[mutation.gene]}: write the change in that form if it is printed"
                    )
                    yield name_of(library, report), (*path, "mutations", m), message, hint


@rule("year-before-review")
def years_are_those_of_the_review(library: Library) -> Iterator[Located]:
    """A review says since when there can be reports: since the tumour was described, or its drugs were given."""
    first = library.protocol.first_year if library.protocol is not None else None
    for report in library.reports if first is not None else ():
        if (year := report.report.year) is not None and first is not None and EARLIEST <= year < first:
            message = f"year {year} is before {first}, the first_year of the review"
            hint = f"write the year of publication; or correct first_year in {PROTOCOL_FILE}"
            yield name_of(library, report), ("report", "year"), message, hint


@rule("format-1", "warning")
def review_is_of_the_present_format(library: Library) -> Iterator[Located]:
    """A review of format 1 is read by its own rules: any kinase inhibitor counts."""
    if library.protocol is not None and library.protocol.format == 1:
        message = "no format: the review is read by the rules of format 1, which do not ask for a drug's target"
        yield shared(library, PROTOCOL_FILE), (), message, "metaimt migrate rewrites it, and shows what changes"


@rule("not-sorted", "warning")
def shared_lists_are_sorted(library: Library) -> Iterator[Located]:
    """Sorted lists let two branches add entries without a conflict."""
    entries = {
        "excluded.yaml": [excluded.id for excluded in library.excluded],
        "links.yaml": [" ".join(link.reports) for link in library.links],
    }
    for name, ids in entries.items():
        for k, (before, after) in enumerate(pairwise(ids), start=1):
            if after < before:
                message = f"'{after}' stands after '{before}'"
                hint = "sort the entries by id, so that two branches merge"
                yield shared(library, name), (k,), message, hint


def _does_not_add_up(search: Search) -> Iterator[tuple[str, str, str]]:
    """(field, message, hint) of each number of a search that is smaller than what came of it."""
    hint = "correct one of the two, or leave out what was not recorded"
    read = (search.included or 0) + len(search.excluded)
    for field, number, what, least in (
        ("hits", search.hits, "screened", search.screened or 0),
        ("hits", search.hits, "included and excluded together", read),
        ("screened", search.screened, "included and excluded together", read),
    ):
        if number is not None and number < least:
            yield field, f"{number} {field}, and {least} {what}", hint


@rule("search-counts")
def counts_of_searches_are_those_of_their_records(library: Library) -> Iterator[Located]:
    """What a person wrote of a search whose records are there; the counts follow from these."""
    name = (library.folder / "searches.yaml").as_posix()
    for k, search in enumerate(library.searches):
        if not library.standing.hits()[search.id]:
            yield from ((name, (k, field), said, hint) for field, said, hint in _does_not_add_up(search))
            continue
        written = library.documents[name].data[k] if is_readable(library, "searches.yaml") else {}
        for field in ("hits", "screened", "included", "excluded"):
            derived = getattr(search, field)
            shown = f"[{', '.join(derived)}]" if isinstance(derived, tuple) else derived
            if field in written and written[field] != (list(derived) if isinstance(derived, tuple) else derived):
                said = f"{field} of {search.id} is {shown} by {RECORDS} and what was decided"
                yield name, (k, field), said, f"delete the line {field}: it is worked out from the records"


ACROSS_RULES: tuple[Rule, ...] = rules_in(globals())
RULES_OF_SINGLE_FILES = (
    id_is_file_name,
    report_ids_differ,
    markers_are_written_alike,
    markers_are_known,
    partners_are_known,
)
