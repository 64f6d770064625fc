"""The local cohorts and the audit on the page, and what stands behind their numbers: what the publication prints.

A cohort is known as counts, so that its numbers lead to the publication, the file, and the printed statements with the
same counts; rows of a patient table are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from metaimt.analyses.audit import AuditFinding
from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.results import Results
from metaimt.model.count import Publications, Quoted
from metaimt.report.audit_text import audit_content
from metaimt.report.cohort import cohorts_content
from metaimt.report.linked import Link
from metaimt.report.wording import plural

_PAIR = re.compile(r"\b(\d+)(?:/| of )(\d+)\b")


def cohorts_linked(results: Results, link: Link) -> list[dict[str, Any]]:
    """The content of the section, each n/N through `link`."""
    found = []
    for cohort, content in zip(results.cohorts, cohorts_content(results.cohorts), strict=True):
        linked = _each_text(content, _through(link, cohort))
        everybody = plural(cohort.patients, "patient")
        head = content["head"].replace(everybody, link(everybody, cohort.whole), 1)
        found.append({**linked, "id": cohort.id, "head": head})
    return found


def audit_linked(results: Results, link: Link) -> list[dict[str, str]]:
    """The findings, the place of each leading to the statement as printed."""
    content = zip(audit_content(results.audit), results.audit.findings, strict=True)
    return [{**one, "place": link(one["place"], _printed(finding))} for one, finding in content]


def _printed(one: AuditFinding) -> Publications:
    where = f"line {one.place.position.line} of the file"
    said = Quoted(one.found.claim.what, one.found.printed, where)
    return Publications(f"{one.report}: {one.found.claim.what}", (one.report,), (said,))


def _through(link: Link, cohort: CohortResult) -> Callable[[str], str]:
    def linked(found: re.Match[str]) -> str:
        """A pair of counts, leading to what is printed with them."""
        return link(found[0], cohort.printed(int(found[1]), int(found[2])))

    return lambda text: _PAIR.sub(linked, text)


def _each_text(content: Any, change: Callable[[str], str]) -> Any:
    """The same structure with every text changed."""
    if isinstance(content, dict):
        return {key: _each_text(value, change) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_each_text(value, change) for value in content]
    return change(content) if isinstance(content, str) else content
