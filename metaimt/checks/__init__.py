"""What a careful second reader would ask: rules within one report, and across the library.

May import: problem, vocabulary, files, casefiles. `check_library` gives every problem of form and of content,
sorted.
"""

from __future__ import annotations

from metaimt.casefiles.library import PROTOCOL_FILE, Library, collector_paused
from metaimt.checks.across_library import ACROSS_RULES, RULES_OF_SINGLE_FILES, case_files
from metaimt.checks.links import LINK_RULES
from metaimt.checks.rule import Rule
from metaimt.checks.same_patient import possible_same_patient
from metaimt.checks.within_report import WITHIN_RULES
from metaimt.problem import Position, Problem, ordered

ALL_RULES: tuple[Rule, ...] = (*WITHIN_RULES, *ACROSS_RULES, *LINK_RULES, possible_same_patient)


def check_library(library: Library, *, whole: bool = True) -> tuple[Problem, ...]:
    """Every problem of a library, sorted by file and place: those of form, then those the rules find.

    With `whole=False` the library is a handful of single files, which need neither protocol nor links. Of
    files that share an id only the first is checked within: the id does not say which file a finding is about.
    """
    with collector_paused():
        return ordered(_found(library, whole=whole))


def _found(library: Library, *, whole: bool) -> list[Problem]:
    problems = list(library.problems)
    for report in {report.id: report for report in reversed(library.reports)}.values():
        document = library.report_documents[report.id]
        for rule in WITHIN_RULES:
            problems.extend(rule.problems(document, rule.find(report)))
    for rule in (*ACROSS_RULES, *LINK_RULES, possible_same_patient) if whole else RULES_OF_SINGLE_FILES:
        for document_name, *finding in rule.find(library):
            problems.extend(rule.problems(library.documents[document_name], [tuple(finding)]))
    if whole:
        problems.extend(_nothing_there(library))
    return problems


def _nothing_there(library: Library) -> list[Problem]:
    """A folder without a protocol or without case files: nothing can be analysed."""
    found: list[Problem] = []
    folder, protocol = library.folder.as_posix(), (library.folder / PROTOCOL_FILE).as_posix()
    if protocol not in library.documents:
        hint = f"write {protocol}: eligibility, rows and pools; the one that ships with metaimt is a start"
        message = f"no {PROTOCOL_FILE}, the protocol of the review"
        found.append(Problem(protocol, Position(1, 1), "no-protocol", "error", message, hint))
    if not any(case_files(library)):
        hint = f"put one YAML file a publication into {(library.folder / 'literature').as_posix()}"
        found.append(Problem(folder, Position(1, 1), "no-case-files", "error", "no case files", hint))
    return found
