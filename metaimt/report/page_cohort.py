"""The local cohorts and the audit on the page, and what stands behind their numbers: what the publication prints.

May import: analyses and below, and its neighbours. A cohort is known as counts, so that its numbers lead to the
publication, the file, and the printed statements with the same counts; rows of a patient table are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from metaimt.analyses.audit import AuditFinding
from metaimt.analyses.cohort import PATIENT_TABLE, CohortResult
from metaimt.analyses.results import Results
from metaimt.casefiles.claims import Claim
from metaimt.report.audit_text import audit_content
from metaimt.report.case_set import CaseSet, Sets, Statement
from metaimt.report.cohort import cohorts_content
from metaimt.report.linked import Link
from metaimt.report.wording import fraction, plural

_PAIR = re.compile(r"\b(\d+)(?:/| of )(\d+)\b")


def cohorts_linked(results: Results, link: Link) -> list[dict[str, Any]]:
    """The content of the section, each n/N through `link`."""
    found = []
    for cohort, content in zip(results.cohorts, cohorts_content(results.cohorts), strict=True):
        linked = _each_text(content, _through(link, cohort.id))
        everybody = plural(cohort.patients, "patient")
        head = content["head"].replace(everybody, link(everybody, f"cohort/{cohort.id}"), 1)
        found.append({**linked, "id": cohort.id, "head": head})
    return found


def audit_linked(results: Results, link: Link) -> list[dict[str, str]]:
    """The findings, the place of each leading to the statement as printed."""
    content = audit_content(results.audit)
    return [{**one, "place": link(one["place"], f"audit/{place}")} for place, one in enumerate(content)]


def cohort_sets(results: Results) -> Sets:
    """A set for every cohort, for every pair of counts that its section shows, and for every finding of the audit."""
    for cohort, content in zip(results.cohorts, cohorts_content(results.cohorts), strict=True):
        yield f"cohort/{cohort.id}", CaseSet(f"{cohort.id}, {cohort.source}", reports=(cohort.id,))
        for pair in dict.fromkeys(_pairs(content)):
            statements = tuple(_statements(results, cohort, *pair))
            title = f"{cohort.id}: {fraction(*pair)}, {cohort.source}"
            yield f"cohort/{cohort.id}/{fraction(*pair)}", CaseSet(title, reports=(cohort.id,), statements=statements)
    for place, one in enumerate(results.audit.findings):
        yield f"audit/{place}", _finding_set(one)


def _finding_set(one: AuditFinding) -> CaseSet:
    where = f"line {one.place.position.line} of the file"
    printed = (one.found.claim.what, one.found.printed, where)
    return CaseSet(f"{one.report}: {one.found.claim.what}", reports=(one.report,), statements=(printed,))


def _through(link: Link, cohort: str) -> Callable[[str], str]:
    def linked(found: re.Match[str]) -> str:
        """A pair of counts, leading to what is printed with them."""
        return link(found[0], f"cohort/{cohort}/{fraction(int(found[1]), int(found[2]))}")

    return lambda text: _PAIR.sub(linked, text)


def _each_text(content: Any, change: Callable[[str], str]) -> Any:
    """The same structure with every text changed."""
    if isinstance(content, dict):
        return {key: _each_text(value, change) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_each_text(value, change) for value in content]
    return change(content) if isinstance(content, str) else content


def _pairs(content: Any) -> Iterator[tuple[int, int]]:
    found: list[tuple[int, int]] = []

    def collect(text: str) -> str:
        """Remember the pairs of a text, which stays as it is."""
        found.extend((int(n), int(of)) for n, of in _PAIR.findall(text))
        return text

    _each_text(content, collect)
    yield from found


def _statements(results: Results, cohort: CohortResult, n: int, of: int) -> Iterator[Statement]:
    """What the report prints with these counts; else where they come from."""
    report = results.library.report(cohort.id)
    claims = [claim for claim in report.claims if claim.n == n and claim.of == of] if report is not None else []
    for claim in claims:
        yield claim.what, _printed(claim), claim.where or ""
    if not claims:
        known = "counted from the patient table" if cohort.source == PATIENT_TABLE else "from the published counts"
        where = "its rows are not shown" if cohort.source == PATIENT_TABLE else "as recorded in the case file"
        yield known, fraction(n, of), where


def _printed(claim: Claim) -> str:
    counts = f"{claim.n} of {claim.of}" if claim.of is not None else f"{claim.n}"
    return f"{counts} ({claim.percent} %)" if claim.percent is not None else counts
