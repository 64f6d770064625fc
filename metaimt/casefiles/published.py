"""published-pooled.yaml: pooled figures that others print, for comparison; never data points of the review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from metaimt.casefiles.fields import (
    Doi,
    DrugName,
    Entry,
    Flag,
    Identifier,
    Number,
    Pmcid,
    Pmid,
    Text,
    Url,
    Whole,
    described,
    listed,
    mapped,
)
from metaimt.casefiles.former_keys import POOLED, with_present_keys
from metaimt.casefiles.model import Design

Interval = Annotated[tuple[Number, ...], Field(min_length=2, max_length=2)]


class Matches(Entry):
    """Which units of the review stand beside the printed figure: all conditions hold, those left out are none."""

    drug: tuple[DrugName, ...] = listed("Only these drugs.")
    design: tuple[Design, ...] = listed("Only reports of these designs.")
    fusion_partner: Flag | None = described("true: only patients whose fusion partner is known.")
    up_to_year: Whole | None = described("Only reports of this year or before; undated reports stay out.")


class PublishedFigure(Entry):
    """A pooled figure as printed."""

    id: Identifier = Field(description="author-year, and where it helps the table.")
    citation: Text | None = described("As it would be cited.")
    doi: Doi | None = described("DOI.")
    pmid: Pmid | None = described("PubMed id.")
    pmcid: Pmcid | None = described("PubMed Central id.")
    url: Url | None = described("Where it was read.")
    what: Text | None = described("What was pooled.")
    where: Text | None = described("Where in the publication the figure is printed.")
    drug: Text | None = described("As printed.")
    population: Text | None = described("As printed.")
    patients: Whole | None = described("Patients.")
    of_this_tumour: Whole | None = described("Of them with the tumour of this review.")
    evaluable: Whole | None = described("Evaluable patients; left out if not printed.")
    responders: Whole | None = described("Responders.")
    stable: Whole | None = described("Stable disease as best response.")
    progressed: Whole | None = described("Progression as best response.")
    orr_percent_printed: Number | None = described("ORR in per cent, as printed.")
    orr_ci_printed: Interval | None = described("Its 95 % interval, as printed.")
    orr_ci90_printed: Interval | None = described("Its 90 % interval, as printed.")
    disease_control: Whole | None = described("Patients with disease control.")
    dcr_percent_printed: Number | None = described("Disease control rate in per cent, as printed.")
    median_pfs_months: Number | None = described("Median progression-free survival.")
    median_duration_months: Number | None = described("Median time on treatment.")
    fusion_partners: Mapping[Text, Whole] = mapped("Patients by fusion partner.")
    by_site: Mapping[Text, Whole] = mapped("Patients by site.")
    stage_iv: Mapping[Text, Whole] = mapped("Patients with metastases, of how many.")
    fusion_evaluable: Mapping[Text, Whole] = mapped("Kinase -> evaluable patients with a fusion of it.")
    fusion_responders: Mapping[Text, Whole] = mapped("Kinase -> responders among them.")
    matches: Matches | None = described("Which units of the review stand beside it.")
    note: Text | None = described("What a reader must know about it.")

    @model_validator(mode="before")
    @classmethod
    def _present_keys(cls, value: object) -> object:
        return with_present_keys(POOLED, value)


class PublishedFile(Entry):
    """published-pooled.yaml."""

    pooled: tuple[PublishedFigure, ...] = listed("Figures of the tumour of this review.")
    basket_context: tuple[PublishedFigure, ...] = listed("Several tumours together.")
    comparators: tuple[PublishedFigure, ...] = listed("Other treatments.")
    without_a_pooled_figure: tuple[PublishedFigure, ...] = listed("Read, and no pooled figure found.")

    @property
    def not_compared(self) -> tuple[tuple[str, PublishedFigure], ...]:
        """(why, figure) of all that stand beside nothing of ours."""
        unmatched = tuple(figure for figure in self.pooled if figure.matches is None)
        sections = (
            ("which patients here match is not said", unmatched),
            ("several tumours together", self.basket_context),
            ("another treatment", self.comparators),
            ("no pooled figure is printed", self.without_a_pooled_figure),
        )
        return tuple((why, figure) for why, figures in sections for figure in figures)
