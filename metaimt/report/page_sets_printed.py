"""What stands behind the numbers of whole publications: how they were read, and what they print.

May import: analyses and below, and its neighbours.
"""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.report.case_set import CaseSet, Sets
from metaimt.report.page_cohort import cohort_sets

NOT_STATED = "not stated"


def printed_sets(results: Results) -> Sets:
    """The publications by depth of reading, those read twice, each of them, and what cohorts print."""
    reports = results.library.reports
    yield "read/all", CaseSet("Included publications", reports=tuple(report.id for report in reports))
    for depth in dict.fromkeys(report.extraction.depth or NOT_STATED for report in reports):
        found = tuple(report.id for report in reports if (report.extraction.depth or NOT_STATED) == depth)
        yield f"read/{depth}", CaseSet(f"Read as: {depth.replace('_', ' ')}", reports=found)
    twice = tuple(report.id for report in reports if report.extraction.checked_by is not None)
    yield "read/twice", CaseSet("Read by two people independently", reports=twice)
    for report in reports:
        yield f"publication/{report.id}", CaseSet(report.id, reports=(report.id,))
    yield from cohort_sets(results)
