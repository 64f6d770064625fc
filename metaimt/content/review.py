"""The sections of a review, in the order in which they are read: eight screens, the rest on demand."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.content.agreement import agreement_section
from metaimt.content.answer import answer_section
from metaimt.content.appraisal import appraisal_blocks
from metaimt.content.audit import audit_section
from metaimt.content.cohort import cohorts_section
from metaimt.content.duration import clinical_section, deaths_section, duration_section, medians_section
from metaimt.content.every_report import reports_section
from metaimt.content.findings import findings_section
from metaimt.content.headline import heterogeneity_section, pools_section
from metaimt.content.methods import methods_section
from metaimt.content.over_time import over_time_section
from metaimt.content.prisma import prisma_section
from metaimt.content.publication_bias import bias_note, bias_section
from metaimt.content.section import Figures, Section, documents_only, folded, paragraph, section
from metaimt.content.sensitivity import notable_section, sensitivity_section
from metaimt.content.sources import left_out_section, sources_section
from metaimt.content.subgroups import differ_section, later_section
from metaimt.content.whats_new import Here, news_section
from metaimt.versions.changes import Changes


def review_sections(results: Results, changes: Changes | None = None) -> dict[str, Section]:
    """Every section, by its id. What is new stands in it where `changes` are given, and there is something."""
    news = [] if changes is None or changes.nothing else [folded(news_section(changes, Here.of(results)))]
    answer, reports, sources = answer_section(results), reports_section(results), sources_section(results)
    methods, reporting = methods_section(results), [documents_only(prisma_section(results, changes))] if changes else []
    found = [
        section(answer.title, answer.blocks, news, folded(pools_section(results)), id=answer.id),
        differ_section(results),
        section(reports.title, reports.blocks, folded(heterogeneity_section(results)), id=reports.id),
        section(
            "How long, and what next",
            clinical_section(results),
            medians_section(results),
            folded(duration_section(results)),
            folded(later_section(results)),
            folded(deaths_section(results)),
            id="long",
        ),
        section(
            "How far to trust it",
            paragraph(bias_note(results)),
            notable_section(results),
            folded(bias_section(results)),
            folded(sensitivity_section(results)),
            folded(over_time_section(results)),
            id="trust",
        ),
        section(
            sources.title,
            sources.blocks,
            findings_section(results),
            map(folded, agreement_section(results.agreement)),
            appraisal_blocks(results.appraisal),
            folded(left_out_section(results)),
            id=sources.id,
        ),
        section(methods.title, methods.blocks, reporting, id=methods.id),
        cohorts_section(results),
        audit_section(results.audit),
        section("More figures", Figures("others"), id="figures"),
    ]
    return {each.id: each for each in found}
