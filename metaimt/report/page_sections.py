"""The sections of the page below its head, as the contents that the template prints.

`behind` a number stand the patients that it counts.

The local cohorts and the audit on the page, and what stands behind their numbers: what the publication prints.

A cohort is known as counts, so that its numbers lead to the publication, the file, and the printed statements with the
same counts; rows of a patient table are never shown.

The works that a methods paragraph rests on, chosen by what this run has used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from metaimt.analyses.audit import AuditFinding
from metaimt.analyses.clinical import Stated
from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.pooled_response import LeftOut
from metaimt.analyses.results import Results
from metaimt.content.labels import capital
from metaimt.model.count import Count, Publications, Quoted
from metaimt.model.reason import Why
from metaimt.report.cohort import cohorts_content
from metaimt.report.duration import duration_content
from metaimt.report.linked import Link, Linker
from metaimt.report.markdown import address_of, known_for, report_content
from metaimt.report.page_cases import links, reference, words
from metaimt.report.paper import audit_content
from metaimt.report.publication_bias import bias_content
from metaimt.report.published import published_content
from metaimt.report.sensitivity import over_time_content, sensitivity_content
from metaimt.report.subgroups import subgroups_content
from metaimt.report.wording import OUTCOMES, fraction, percent, plural
from metaimt.serialise import to_json
from metaimt.statistics.outcome import NotRun

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


Work = tuple[str, str]  # reference, DOI or ""

CLOPPER_PEARSON = ("Clopper CJ, Pearson ES. Biometrika 1934;26:404-413", "10.1093/biomet/26.4.404")
GRIFFITHS = ("Griffiths DA. Maximum likelihood for the beta-binomial. Biometrics 1973;29:637-648", "10.2307/2529131")
STIJNEN = ("Stijnen T, Hamza TH, Özdemir P. Stat Med 2010;29:3046-3067", "10.1002/sim.4040")
FREEMAN_HALTON = ("Freeman GH, Halton JH. Biometrika 1951;38:141-149", "10.1093/biomet/38.1-2.141")
FIRTH = ("Firth D. Biometrika 1993;80:27-38", "10.1093/biomet/80.1.27")
KAPLAN_MEIER = ("Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481", "10.1080/01621459.1958.10501452")
REVERSE = ("Schemper M, Smith TL. Control Clin Trials 1996;17:343-346", "10.1016/0197-2456(96)00075-X")
AALEN_JOHANSEN = ("Aalen OO, Johansen S. Scand J Stat 1978;5:141-150", "")
SPECIFICATION = ("Simonsohn U, Simmons JP, Nelson LD. Nat Hum Behav 2020;4:1208-1214", "10.1038/s41562-020-0912-z")
LIVING = ("Elliott JH, Synnot A, Turner T, et al. J Clin Epidemiol 2017;91:23-30", "10.1016/j.jclinepi.2017.08.010")


def cited(results: Results) -> list[tuple[str, Work]]:
    """(what for, work) of each method that was run, in the order of the report."""
    return list(dict.fromkeys(_cited(results)))


def _cited(results: Results) -> Iterator[tuple[str, Work]]:
    if results.protocol.living is not None:
        yield "Living review", LIVING
    orr = results.response.headline.orr
    if orr is not None and "beta-binomial" in orr.method:
        yield "Beta-binomial likelihood", GRIFFITHS
    yield "Exact interval", CLOPPER_PEARSON
    yield "Why no 0.5 is added to single cases", STIJNEN
    tables = [table for tables in results.subgroups.tables.values() for table in tables.values()]
    if any(not isinstance(table.test, NotRun) for table in tables):
        yield "Exact k x 2 test", FREEMAN_HALTON
    fits = [each.fit for models in results.subgroups.regressions.values() for each in models]
    if any(not isinstance(fit, NotRun) for fit in fits):
        yield "Penalised logistic regression", FIRTH
    times = [times for found in results.duration.values() for times in found.times.values()]
    if any(isinstance(each.curves, Mapping) for each in times):
        yield "Survival curves", KAPLAN_MEIER
        yield "Follow-up, reverse Kaplan-Meier", REVERSE
    if any(isinstance(each.incidence, Mapping) for each in times):
        yield "Competing events", AALEN_JOHANSEN
    if len(results.specification.specifications) > 1:
        yield "Specification grid", SPECIFICATION


def sections(results: Results, link: Linker) -> dict[str, Any]:
    """Everything below the head, by the name that the template uses; `link` puts the cases behind its numbers."""
    shared = report_content(results, link)
    whom = subgroups_content(results, link)
    return {
        "primary": whom["tables"][:1],
        "whom": {**whom, "tables": whom["tables"][1:]},
        "later": _later(results, link),
        "rows": list(_rows(results, shared["rows"])),
        "not_in_headline": shared["not_in_headline"],
        "notes": shared["notes"],
        "heterogeneity": shared["heterogeneity"],
        "series_size": shared["series_size"],
        "shares": list(_shares(results, link)),
        "duration": _duration(results, link),
        "clinical": shared["clinical"],
        "deaths": _deaths(results),
        "sensitivity": {
            **sensitivity_content(results, link),
            "headline": [group.counts for group in results.response.pools.values()],
        },
        "over_time": over_time_content(results, link),
        "bias": bias_content(results, link),
        "published": _published(results, link),
        "cohorts": cohorts_linked(results, link),
        "audit": audit_linked(results, link),
        "left_out": list(_left_out(results, link)),
        "pending": [{"id": each.id, "title": each.title, "reason": each.reason} for each in results.library.pending],
        "excluded": [
            {"id": entry.id, "title": entry.title or "no title", "reason": entry.reason}
            for entry in results.library.excluded
        ],
        "searches": shared["searches"],
        "reading": shared["reading"],
        "waived": shared["waived"],
        "publications": list(_publications(results, shared["publications"])),
        "methods": shared["methods"],
        "cited": [{"what": what, "reference": work[0], "doi": work[1]} for what, work in cited(results)],
    }


def _rows(results: Results, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The separate rows, with the cases of each part."""
    headline = results.response.headline.name
    names = {headline: f"meets the other {headline} conditions", "rest": "does not"}
    for row, group in zip(rows, results.response.rows.values(), strict=True):
        parts = [
            {
                "label": names.get(name) or results.protocol.label(name),
                "fraction": fraction(part.responders, part.evaluable),
                "behind": part,
            }
            for name, part in group.parts.items()
            if part.evaluable
        ]
        yield {**row, "parts": parts}


def _shares(results: Results, link: Link) -> Iterator[dict[str, Any]]:
    """Complete response and disease control of each pool, over the patients for whom they are known."""
    for group in results.response.pools.values():
        for field, what in OUTCOMES.items():
            share = getattr(group, field)
            if share is not None:
                yield {
                    "label": f"{what}, {group.label}",
                    "fraction": fraction(share.responders, share.evaluable),
                    "behind": group.known[field],
                    "rate": percent(share.estimate),
                    "interval": f"{percent(share.lower)} to {percent(share.upper)}",
                    "known": known_for(group, field, link),
                }


def _later(results: Results, link: Linker) -> dict[str, Any]:
    found = results.subgroups.later
    return {
        "outcomes": [_counts(name, c) for name, c in found.by_prior_outcome.items()],
        "ends": [_counts(name, c) for name, c in found.by_prior_end.items()],
        "arms": _counts("arms of later lines", found.arms),
        "switches": [{**to_json(switch), "behind": link.unit(switch.id)} for switch in found.switches],
    }


def _counts(label: str, counts: Count) -> dict[str, Any]:
    return {"behind": counts, "label": label, "fraction": fraction(counts.responders, counts.evaluable)}


def _duration(results: Results, link: Link) -> dict[str, Any]:
    """As in the report, with the cases of each field beside it."""
    content = duration_content(results, link)
    for found, shown in zip(results.duration.values(), content["pools"], strict=True):
        for times, each in zip(found.times.values(), shown["fields"], strict=True):
            each["behind"] = times.everybody
            each["counts"] = f"{len(times.known)} of {len(times.described.parts)}"
    return content


def _deaths(results: Results) -> dict[str, Any]:
    found = results.deaths_and_toxicity
    items = ((found.status, "patient"), (found.ends, "course"), (found.events, "course"))
    return {
        "items": [_stated(item, unit) for item, unit in items],
        "as_counts": plural(found.arms.evaluable, "patient"),
        "as_counts_behind": found.arms,
        "within_arms": len(found.elsewhere.parts),
        "within_arms_behind": found.elsewhere,
    }


def _stated(item: Stated, unit: str) -> dict[str, Any]:
    return {
        "title": item.item[:1].upper() + item.item[1:],
        "behind": item.stated,
        "stated": f"{len(item.stated.parts)} of {plural(len(item.asked.parts), unit)}",
        "values": [
            {"label": value, "number": len(found.parts), "behind": found} for value, found in item.values.items()
        ],
    }


def _published(results: Results, link: Link) -> list[dict[str, Any]]:
    """As in the report, with where each figure is printed."""
    content = published_content(results.published, link)
    return [
        {**row, "source": address_of(found.entry), "where": found.entry.where or ""}
        for row, found in zip(content, results.published, strict=True)
    ]


def _left_out(results: Results, link: Linker) -> Iterator[dict[str, Any]]:
    """Every unit that is not in the headline pool, by the reason that decides."""
    headline = results.response.headline
    by_reason: dict[Why, list[LeftOut]] = {}
    for each in headline.left_out:
        by_reason.setdefault(each.reasons[0], []).append(each)
    for why, found in sorted(by_reason.items(), key=lambda item: str(item[0])):
        number = plural(len(found), "course or arm", "courses and arms")
        behind = Count.of(f"not in {headline.label}: {why}", (each.unit for each in found))
        units = [{"id": each.unit.id, "behind": link.unit(each.unit.id), "more": _more(each)} for each in found]
        yield {"reason": capital(str(why)), "behind": behind, "number": number, "units": units}


def _more(each: LeftOut) -> str:
    """Its counts, and the reasons that apply too."""
    unit = each.unit
    counts = f" {fraction(unit.responders, unit.evaluable)}" if unit.evaluable else ""
    return f"{counts} ({each.others})" if each.others else counts


def _publications(results: Results, shared: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    files = {placed.unit.report: placed.unit.file for placed in results.selection.placed}
    for report, row in zip(results.library.reports, shared, strict=True):
        yield {
            **row,
            "publication": Publications(report.id, (report.id,)),
            "reference": reference(report),
            "links": links(report),
            "file": files.get(report.id, ""),
            "design": words(report.report.design),
        }
