"""report.md: the review as a page of Markdown. Text from case files is escaped: it can neither format nor run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from metaimt.analyses.heterogeneity import SERIES_SIZES
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.casefiles.model import CaseFile, Publication
from metaimt.casefiles.published import PublishedFigure
from metaimt.content.headline import HeadlineRow, headline_rows, row_of
from metaimt.content.review import review_sections
from metaimt.figures.review_figure import Drawn
from metaimt.model.count import Count, Publications
from metaimt.model.reason import Why
from metaimt.model.text import Named, Text
from metaimt.problem import Waived
from metaimt.render.markdown import section_markdown
from metaimt.report.environment import Rendered, render
from metaimt.report.figures import figure_sections
from metaimt.report.methods import methods_text
from metaimt.report.publication_bias import bias_section
from metaimt.report.published import published_section
from metaimt.report.subgroups import subgroups_section
from metaimt.report.whats_new import changes_markdown
from metaimt.report.wording import (
    OUTCOMES,
    READ_AS,
    Link,
    by_depth,
    estimate_with_interval,
    fraction,
    plain,
    plural,
    predicted,
    prior_words,
    read_twice,
    reasons_line,
)
from metaimt.versions.changes import Changes


def report_markdown(results: Results, figures: Sequence[Drawn] = (), changes: Changes | None = None) -> str:
    """The whole report, with the figures that were drawn; what is new only where `changes` are given."""
    whats_new = changes_markdown(changes) if changes is not None else ""
    drawn, content = figure_sections(figures), review_sections(results)

    def section(name: str) -> Rendered:
        """A section with its figures."""
        return Rendered(section_markdown(content[name], drawn.__getitem__))

    content_ = {**report_content(results), "figures": drawn, "section": section, "whats_new": whats_new}
    return render("report.md.j2", content_)


def report_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """What the template of the report prints; `link` puts the cases behind its numbers."""
    response, protocol = results.response, results.protocol
    return {
        "title": protocol.title,
        "question": protocol.question,
        "version": protocol.version,
        "read_as": READ_AS,
        "headline_label": response.headline.label,
        "pools": [_row(row) for row in headline_rows(response) if row.kind != "row"],
        "notes": [{"label": group.label, "text": _notes(group, link)} for group in response.pools.values()],
        "not_in_headline": Text(
            "Not in ",
            Named(response.headline.label),
            ", though in the widest pool or counted elsewhere: ",
            reasons_line(response.not_in_headline),
            ".",
        ),
        "rows": [{**_row(row_of(group, "row")), "parts": _parts(group, results)} for group in response.rows.values()],
        "heterogeneity": list(_heterogeneity(results)),
        "series_size": SERIES_SIZES[0],
        "subgroups": subgroups_section(results),
        "left_out": list(_left_out(response.headline)),
        "pending": [f"{entry.id}: {entry.title or 'no title'}. {entry.reason}" for entry in results.library.pending],
        "excluded": [f"{entry.id}: {entry.title or 'no title'}. {entry.reason}" for entry in results.library.excluded],
        "searches": [
            {"source": s.source, "status": s.status, "date": s.date, "text": _search(s.query, s.note)}
            for s in results.library.searches
        ],
        "reading": _reading(results, link),
        "waived": [_waived(one) for one in results.waived],
        "publications": publications(results, link),
        "methods": methods_text(results),
        "publication_bias": bias_section(results),
        "published": published_section(
            results.published, results.library.published.not_compared if results.library.published else ()
        ),
    }


def _row(row: HeadlineRow) -> dict[str, Any]:
    return {
        "label": row.label if row.kind in {"pool", "row"} else f"– {row.label}",
        "fraction": row.fraction,
        "reports": row.reports,
        "orr": row.percentage,
        "interval": row.limits,
        "method": row.method(short=False),
    }


def _notes(group: Group, link: Link) -> str:
    said = [f"ORR {estimate_with_interval(group.orr, link, group.counts)}"]
    unstated = link(f"{group.line_not_stated.evaluable} of {group.counts.evaluable}", group.line_not_stated)
    said.append(f"line of treatment mixed or not stated for {unstated} patients")
    for field, share in (("complete", group.complete), ("controlled", group.controlled)):
        if share is not None:
            estimate = estimate_with_interval(share, link, group.known[field])
            said.append(f"{OUTCOMES[field]} {estimate}, {known_for(group, field, link)}")
    said += list(group.warnings)
    for stratum in group.strata.values():
        counts = fraction(stratum.counts.responders, stratum.counts.evaluable)
        linked = link(counts, stratum.counts)
        said += [f"{stratum.label}: {warning.replace(counts, linked)}" for warning in stratum.warnings]
    return "; ".join(said) + "."


def known_for(group: Group, field: str, link: Link) -> str:
    """`known for 36 of 74`: the patients of a pool for whom another outcome is known."""
    known = group.known[field]
    return f"known for {link(f'{known.evaluable} of {group.counts.evaluable}', known)}"


def _parts(group: Group, results: Results) -> str:
    headline = results.response.headline.name
    words = {headline: f"meets the other {headline} conditions", "rest": "does not"}
    return ", ".join(
        f"{words.get(name) or results.protocol.label(name)} {fraction(part.responders, part.evaluable)}"
        for name, part in group.parts.items()
        if part.evaluable
    )


def _heterogeneity(results: Results) -> Iterator[dict[str, Any]]:
    for name, found in results.heterogeneity.items():
        for k, each in enumerate(found.under):
            likely, *_ = each.prediction.series[0].ranges
            yield {
                "label": results.response.pools[name].label if k == 0 else "",
                "behind": results.response.pools[name].counts,
                "prior": prior_words(each.prior),
                "orr": estimate_with_interval(each.orr).rpartition(";")[0] + ")",
                "rho": each.orr.rho.wording(),
                "probabilities": ", ".join(f"{100 * t:g} %: {p:.3f}" for t, p in each.orr.probabilities),
                "new": predicted(each.prediction),
                "series": f"{likely.lower:g} to {likely.upper:g}",
            }


def _left_out(group: Group) -> Iterator[dict[str, Any]]:
    by_reason: dict[Why, list[str]] = {}
    for each in group.left_out:
        unit = each.unit
        counts = f" {fraction(unit.responders, unit.evaluable)}" if unit.evaluable else ""
        more = f" ({each.others})" if each.others else ""
        by_reason.setdefault(each.reasons[0], []).append(f"{unit.id}{counts}{more}")
    for reason, units in sorted((str(why), units) for why, units in by_reason.items()):
        yield {"title": reason[:1].upper() + reason[1:], "units": sorted(units)}


def _search(query: str | None, note: str | None) -> str:
    return " ".join(part for part in (f"Query: {query}" if query else "", note or "") if part)


def _reading(results: Results, link: Link) -> str:
    reports = results.library.reports
    parts = ", ".join(
        f"{link(str(len(found.reports)), found)} {depth.replace('_', ' ')}"
        for depth, found in sorted(by_depth(reports).items())
    )
    included = Publications("Included publications", tuple(report.id for report in reports))
    twice = read_twice(reports)
    files = len(results.library.excluded)
    severities = Counter(problem.severity for problem in results.warnings)
    return (
        f"{link(plural(len(reports), 'publication'), included)} included, {plural(files, 'publication')} read and "
        f"not included. Read as: {parts}. Read by two people independently: "
        f"{link(f'{len(twice.reports)} of {len(reports)}', twice)}. "
        f"The case files have {plural(severities['warning'], 'warning')} and "
        f"{plural(severities['info'], 'suggestion')}; `metaimt validate` lists them."
    )


def _waived(one: Waived) -> str:
    problem = one.problem
    return f"{PurePosixPath(problem.file).stem}: {problem.message} ({problem.rule}). {one.reason}"


def publications(results: Results, link: Link = plain) -> list[dict[str, Any]]:
    """Words and link of each included publication, and where it is counted."""
    counts = {
        name: group.counts.by_level("", lambda unit: unit.report, "") for name, group in results.response.pools.items()
    }
    return [_publication(report, results, counts, link) for report in results.library.reports]


def _publication(
    report: CaseFile, results: Results, counts: Mapping[str, Mapping[str, Count]], link: Link
) -> dict[str, Any]:
    """One of them; `counts` are those of each pool by report."""
    publication = report.report
    said = (publication.authors, publication.title, publication.journal, publication.year)
    address, link_text = citation_link(report)
    counted: Mapping[str, str] = {
        name: link(fraction(own.responders, own.evaluable), own)
        for name, by_report in counts.items()
        if report.id in by_report
        for own in [by_report[report.id].titled(f"{report.id} in {results.response.pools[name].label}")]
        if own.evaluable
    }
    return {
        "id": report.id,
        "reference": ". ".join(str(part).rstrip(".") for part in said if part) or "not verified",
        "link": address,
        "link_text": link_text,
        "design": publication.design.replace("_", " "),
        "depth": (report.extraction.depth or "not stated").replace("_", " "),
        "counted": ", ".join(f"{results.protocol.label(name)} {r_n}" for name, r_n in counted.items()) or "in no pool",
    }


def citation_link(report: CaseFile) -> tuple[str, str]:
    """Address and its text: the DOI, else PubMed, else PubMed Central, else where it was read."""
    return address_of(report.report)


def address_of(source: Publication | PublishedFigure) -> tuple[str, str]:
    """As `citation_link`, of anything that has these identifiers."""
    if source.doi:
        return f"https://doi.org/{quote(source.doi, safe='/:;.()-_')}".replace("(", "%28").replace(")", "%29"), "DOI"
    if source.pmid:
        return f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/", "PubMed"
    if source.pmcid:
        return f"https://pmc.ncbi.nlm.nih.gov/articles/{source.pmcid}/", "PubMed Central"
    if source.url:
        return quote(source.url, safe="/:;.?=&%-_~+,#@"), "where it was read"
    return "", ""
