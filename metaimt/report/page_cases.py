"""Every case of the review as data for the page: what its filters, its table and its dialogs are made of.

The browser adds up what stands here and decides nothing: which group a case is in, how it counts and why it is left out
are the selection's.
"""

from __future__ import annotations

from typing import Any

from metaimt.analyses.results import Results
from metaimt.casefiles.model import Arm, CaseFile
from metaimt.evidence.selection import Placed
from metaimt.model.fields import FACETS as UNIT_FACETS
from metaimt.model.unit import Unit
from metaimt.report.markdown import citation_link
from metaimt.report.page_facts import NOT_STATED, facts_of, reading_of, words

STRIP = (
    "complete response",
    "partial response",
    "response, CR or PR not told apart",
    "stable disease",
    "progressive disease",
    "death before assessment",
    "no response, SD or PD not told apart",
)
STRATUM = "stratum"  # the one facet that the protocol decides, and no field of a unit
_ORDER = ("drug", "partner", "site", "histology", "line", STRATUM, "basis", "year")  # further ones come after these
FACETS = tuple(sorted((*UNIT_FACETS, STRATUM), key=lambda name: (*_ORDER, name).index(name)))


def case_data(results: Results) -> list[dict[str, Any]]:
    """One entry a unit, in the order of the selection."""
    return [_case(placed, results) for placed in results.selection.placed]


def report_data(results: Results) -> dict[str, dict[str, Any]]:
    """One entry a report, by id: label, reference, links, file, and how it was read."""
    from metaimt.figures.review_forest import report_labels

    labels = report_labels(results.library.reports)
    files = {placed.unit.report: placed.unit.file for placed in results.selection.placed}
    return {
        report.id: {
            "label": labels[report.id],
            "reference": reference(report),
            "links": links(report),
            "file": files.get(report.id, ""),
            "design": words(report.report.design),
            "reading": reading_of(report),
        }
        for report in results.library.reports
    }


def reference(report: CaseFile) -> str:
    """Authors, title, journal and year, as far as they are verified."""
    publication = report.report
    said = (publication.authors, publication.title, publication.journal, publication.year)
    return ". ".join(str(part).rstrip(".") for part in said if part) or "reference not verified"


def links(report: CaseFile) -> list[tuple[str, str]]:
    """(text, address) of the DOI, PubMed and PubMed Central; else of the page where it was read."""
    publication = report.report
    fields = ("doi", "pmid", "pmcid", "url")
    found: list[tuple[str, str]] = []
    for field in fields:
        if getattr(publication, field) and (field != "url" or not found):
            others = {other: None for other in fields if other != field}
            only = report.model_copy(update={"report": publication.model_copy(update=others)})
            address, text = citation_link(only)
            found.append((text, address))
    return found


def facets(placed: Placed, results: Results) -> dict[str, str]:
    """The value of a unit in each filter of the page; "not stated" where there is none."""
    values = {name: field.words(placed.unit) for name, field in UNIT_FACETS.items()}
    values[STRATUM] = placed.stratum and results.protocol.label(placed.stratum)
    return {name: value or NOT_STATED for name, value in values.items()}


def groups_of(placed: Placed) -> list[str]:
    """The pools and separate rows that count an evaluable unit."""
    return [name for name in placed.reasons if placed.is_in(name) and placed.unit.evaluable]


def strip_of(unit: Unit, arm: Arm | None) -> tuple[int, ...]:
    """Evaluable patients of a unit by `STRIP`; they add up to its evaluable patients."""
    if not unit.evaluable:
        return (0,) * len(STRIP)
    if arm is None:
        place = {"CR": 0, "PR": 1, "SD": 3, "PD": 4}.get(unit.response or "", 5)
        return tuple(int(place == number) for number in range(len(STRIP)))
    cr, pr, sd, pd = (count or 0 for count in (arm.cr, arm.pr, arm.sd, arm.pd))
    responders, evaluable = arm.counts
    responses, failures = responders - cr - pr, evaluable - responders - sd - pd
    if responses < 0 or failures < 0:  # categories that do not add up are not used
        return (0, 0, responders, 0, 0, 0, evaluable - responders)
    return (cr, pr, responses, sd, pd, 0, failures)


def _case(placed: Placed, results: Results) -> dict[str, Any]:
    unit, label, pools = placed.unit, results.protocol.label, results.selection.pools
    arm = arm_of(unit, results)
    return {
        "id": unit.id,
        "report": unit.report,
        "who": unit.name + (f", inhibitor {unit.course}" if unit.course > 1 else ""),
        "r": unit.responders,
        "n": unit.evaluable,
        "groups": groups_of(placed),
        "strip": strip_of(unit, arm),
        "facets": facets(placed, results),
        "facts": facts_of(results.library, unit),
        "response": unit.response or ("counts" if arm else "not readable"),
        "age": unit.age_group or NOT_STATED if unit.age is None else f"{unit.age:.3g}",
        "counted": _counted(placed, results),
        "why": [(label(pool), "; ".join(placed.words(pool))) for pool in pools if not placed.is_in(pool)],
    }


def _counted(placed: Placed, results: Results) -> str:
    """The groups that count a unit, else the reason why the widest pool does not."""
    groups = groups_of(placed)
    if groups:
        return "; ".join(results.protocol.label(name) for name in groups)
    return placed.words(results.selection.pools[-1])[0]


def arm_of(unit: Unit, results: Results) -> Arm | None:
    """The arm of a unit that is one."""
    report = results.library.report(unit.report)
    return None if unit.arm is None or report is None else report.arms[unit.arm - 1]
