"""What a careful second reader would ask: rules within one report, and across the library.

`check_library` gives every problem of form and of content, sorted; `examine` also those that case files waive, with
their reasons.
"""

from __future__ import annotations

from metaimt.casefiles.library import PROTOCOL_FILE, Library, collector_paused
from metaimt.checks.across_library import ACROSS_RULES, RULES_OF_SINGLE_FILES
from metaimt.checks.by_vocabulary import words_agree_with_response
from metaimt.checks.folder_files import problems_of_files, problems_of_versions
from metaimt.checks.links import LINK_RULES
from metaimt.checks.printed_numbers import QUOTATION_RULES
from metaimt.checks.rule import Rule
from metaimt.checks.same_patient import possible_same_patient
from metaimt.checks.same_publication import PUBLICATION_RULES, Publications
from metaimt.checks.second_readings import SECOND_RULES
from metaimt.checks.within_report import TERM_RULES, WITHIN_RULES, problems_of_parts, problems_within
from metaimt.problem import Findings, Position, Problem, ordered

_OF_REPORTS: tuple[Rule, ...] = (*WITHIN_RULES, *TERM_RULES)
_OF_LIBRARY: tuple[Rule, ...] = (
    *ACROSS_RULES,
    *PUBLICATION_RULES,
    *LINK_RULES,
    *QUOTATION_RULES,
    *SECOND_RULES,
    possible_same_patient,
)
ALL_RULES: tuple[Rule, ...] = (*_OF_REPORTS, *_OF_LIBRARY)


def check_library(library: Library, *, whole: bool = True) -> tuple[Problem, ...]:
    """Every problem of a library that is not waived, sorted by file and place: those of form, then of content.

    With `whole=False` the library is a handful of single files, which need neither protocol nor links. Of
    files that share an id only the first is checked within: the id does not say which file a finding is about.
    """
    return examine(library, whole=whole).problems


def examine(library: Library, *, whole: bool = True) -> Findings:
    """The problems of a library, and those that are waived; `whole` as in `check_library`."""
    with collector_paused():
        asked = _OF_LIBRARY if whole else (*RULES_OF_SINGLE_FILES, *PUBLICATION_RULES)
        problems = [*library.problems, *_found(library, asked), *(_of_the_folder(library) if whole else ())]
        if not any(report.waivers for report in library.reports) and not any(
            reading.waivers for reading in library.second_readings.values()
        ):
            return Findings(ordered(problems))
        from metaimt.checks.waivers import without_waived

        return without_waived(library, problems, {rule.id for rule in (*_OF_REPORTS, *asked)})


def _found(library: Library, asked: tuple[Rule, ...]) -> list[Problem]:
    problems: list[Problem] = []
    for report in library.by_id.values():
        problems.extend(problems_within(report, library.report_documents[report.id], library.vocabulary))
    for name, parts in library.parts.items():
        problems.extend(problems_of_parts(parts, library.documents[name], library.vocabulary))
    for name, reading in library.second_readings.items():
        for p, patient in enumerate(reading.patients):
            for steps, message, hint in words_agree_with_response.look(patient, library.vocabulary):
                found = ("patients", p, *steps), message, hint
                problems.append(words_agree_with_response.problem(library.documents[name], found))
    publications = Publications(library)
    for rule in asked:
        for document_name, *finding in rule.look(publications if rule.about == "publications" else library):
            problems.append(rule.problem(library.documents[document_name], tuple(finding)))
    return problems


def _of_the_folder(library: Library) -> list[Problem]:
    return [*_nothing_there(library), *problems_of_versions(library.folder), *problems_of_files(library)]


def _nothing_there(library: Library) -> list[Problem]:
    """A folder without a protocol or without case files: nothing can be analysed."""
    found: list[Problem] = []
    folder, protocol = library.folder.as_posix(), (library.folder / PROTOCOL_FILE).as_posix()
    if protocol not in library.documents:
        hint = f"write {protocol}: eligibility, rows and pools; metaimt init FOLDER writes one to begin with"
        message = f"no {PROTOCOL_FILE}, the protocol of the review"
        found.append(Problem(protocol, Position(1, 1), "no-protocol", "error", message, hint))
    if not library.case_files:
        place = (library.folder / "literature").as_posix()
        hint = f"metaimt new REFERENCE.ris begins one, a YAML file a publication in {place}"
        found.append(Problem(folder, Position(1, 1), "no-case-files", "info", "no case yet", hint))
    return found
