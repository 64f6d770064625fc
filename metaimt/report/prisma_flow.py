"""tables/flow.csv: the flow of records as the R package PRISMA2020 reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from metaimt.analyses.flow import Flow
from metaimt.report.cells import Row

_PRISMA: Final = (  # data, node, box, and what it is: of the template, with our words
    ("NA", "node4", "prevstud", "Previous studies"),
    ("previous_studies", "node5", "box1", "Studies included in previous version of review"),
    ("previous_reports", "NA", "box1", "Reports of studies included in previous version of review"),
    ("NA", "node6", "newstud", "Identification of new studies via databases and registers"),
    ("database_results", "node7", "box2", "Records identified from databases and registers"),
    ("database_specific_results", "NA", "box2", "Records identified from each database or register"),
    ("register_results", "NA", "box2", "Registers, where they are counted apart"),
    ("register_specific_results", "NA", "box2", "Each register, where they are counted apart"),
    ("NA", "node16", "othstud", "Identification of new studies via other methods"),
    ("website_results", "node17", "box11", "Websites"),
    ("organisation_results", "NA", "box11", "Organisations"),
    ("citations_results", "NA", "box11", "Citation searching"),
    ("duplicates", "node8", "box3", "Duplicate records"),
    ("excluded_automatic", "NA", "box3", "Records marked as ineligible by automation tools"),
    ("excluded_other", "NA", "box3", "Records removed for other reasons: in the version before"),
    ("records_screened", "node9", "box4", "Records screened"),
    ("records_excluded", "node10", "box5", "Records excluded"),
    ("dbr_sought_reports", "node11", "box6", "Reports sought for retrieval"),
    ("dbr_notretrieved_reports", "node12", "box7", "Reports not retrieved, or not yet read"),
    ("other_sought_reports", "node18", "box12", "Reports sought for retrieval (other)"),
    ("other_notretrieved_reports", "node19", "box13", "Reports not retrieved (other)"),
    ("dbr_assessed", "node13", "box8", "Reports assessed for eligibility"),
    ("dbr_excluded", "node14", "box9", "Reports excluded"),
    ("other_assessed", "node20", "box14", "Reports assessed for eligibility (other)"),
    ("other_excluded", "node21", "box15", "Reports excluded (other)"),
    ("new_studies", "node15", "box10", "New studies included in review"),
    ("new_reports", "NA", "box10", "Reports of new included studies"),
    ("total_studies", "node22", "box16", "Total studies included in review"),
    ("total_reports", "NA", "box16", "Reports of total included studies"),
    ("identification", "node1", "identification", "Identification"),
    ("screening", "node2", "screening", "Screening"),
    ("included", "node3", "included", "Included"),
    ("records_waiting", "NA", "box4", "Records that wait for a decision: not of the template"),
)


def flow_rows(found: Flow) -> Iterator[Row]:
    """The boxes of PRISMA 2020, as the template of the R package PRISMA2020 has them (inst/extdata/PRISMA.csv).

    Its PRISMA_data reads "not recorded" as NA, and parts reasons and numbers as "wrong disease, 3; no patients, 2".
    """
    known = found.identified is not None
    counts: dict[str, int | str | None] = {
        "previous_studies": len(found.previous),
        "database_results": sum(map(len, (found.identified or {}).values())),
        "database_specific_results": _reasons(found.identified or {}),
        "duplicates": len(found.duplicates),
        "excluded_other": len(found.known),
        "records_waiting": len(found.waiting),
        "records_screened": len(found.screened),
        "records_excluded": sum(map(len, found.screened_out.values())),
        "dbr_sought_reports": len(found.sought),
        "dbr_notretrieved_reports": len(found.not_read),
        "dbr_assessed": len(found.assessed),
        "dbr_excluded": _reasons(found.excluded) or 0,
        "new_studies": len(found.total) - len(found.previous),
        "total_studies": len(found.total),
    }
    always = {"previous_studies", "new_studies", "total_studies"}
    for data, node, box, text in _PRISMA:
        heading = data in {"NA", box}
        n = counts.get(data, 0 if heading else "not recorded")
        if not known and not heading and data not in always:
            n = "not recorded"
        ends = {"tooltips": text, "url": "NA", "n": n}
        yield {"data": data, "node": node, "box": box, "description": text, "boxtext": text, **ends}


def _reasons(found: Mapping[str, Collection[str]]) -> str:
    return "; ".join(f"{_no_mark(why)}, {len(ids)}" for why, ids in found.items())


def _no_mark(reason: str) -> str:
    """A reason without the marks that divide reasons and numbers."""
    return " ".join(reason.replace(",", " ").replace(";", " ").split())
