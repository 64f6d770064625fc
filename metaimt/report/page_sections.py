"""The sections of the page below its head, as the contents that the template prints.

May import: analyses, figures and below, and its neighbours. `key` names the cases behind a number (`page_sets`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metaimt.analyses.deaths_and_toxicity import Stated
from metaimt.analyses.results import Results
from metaimt.report.cited import cited
from metaimt.report.duration import duration_content
from metaimt.report.linked import Link
from metaimt.report.markdown import address_of, informative, known_for, report_content
from metaimt.report.page_cases import links, reference
from metaimt.report.page_cohort import audit_linked, cohorts_linked
from metaimt.report.page_facts import words
from metaimt.report.publication_bias import bias_content
from metaimt.report.published import published_content
from metaimt.report.sensitivity import over_time_content, sensitivity_content
from metaimt.report.subgroups import subgroups_content
from metaimt.report.wording import OUTCOMES, fraction, percent, plural


def sections(results: Results, link: Link) -> dict[str, Any]:
    """Everything below the head, by the name that the template uses; `link` puts the cases behind its numbers."""
    shared = report_content(results, link)
    whom = subgroups_content(results, link)
    return {
        "primary": whom["tables"][:1],
        "whom": {**whom, "tables": whom["tables"][1:]},
        "later": _later(results),
        "rows": list(_rows(results, shared["rows"])),
        "not_in_headline": shared["not_in_headline"],
        "notes": shared["notes"],
        "heterogeneity": shared["heterogeneity"],
        "series_size": shared["series_size"],
        "shares": list(_shares(results, link)),
        "duration": _duration(results, link),
        "deaths": _deaths(results),
        "sensitivity": {
            **sensitivity_content(results, link),
            "headline_keys": [f"pool/{p}" for p in results.response.pools],
        },
        "over_time": over_time_content(results, link),
        "bias": bias_content(results, link),
        "published": _published(results, link),
        "cohorts": cohorts_linked(results, link),
        "audit": audit_linked(results, link),
        "left_out": list(_left_out(results)),
        "excluded": [
            {"id": entry.id, "title": entry.title or "no title", "reason": entry.reason}
            for entry in results.library.excluded
        ],
        "searches": shared["searches"],
        "reading": shared["reading"],
        "waived": shared["waived"],
        "publications": list(_publications(results, shared["publications"])),
        "methods": [informative(text, results.response.headline.name, link) for text in shared["methods"]],
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
                "key": f"row/{group.name}/part/{name}",
            }
            for name, part in group.parts.items()
            if part.evaluable
        ]
        yield {**row, "key": f"row/{group.name}", "parts": parts}


def _shares(results: Results, link: Link) -> Iterator[dict[str, Any]]:
    """Complete response and disease control of each pool, over the patients for whom they are known."""
    for group in results.response.pools.values():
        for field, what in OUTCOMES.items():
            share = getattr(group, field)
            if share is not None:
                yield {
                    "label": f"{what}, {group.label}",
                    "fraction": fraction(share.responders, share.evaluable),
                    "key": f"pool/{group.name}/{field}",
                    "rate": percent(share.estimate),
                    "interval": f"{percent(share.lower)} to {percent(share.upper)}",
                    "known": known_for(share, group, field, link),
                }


def _later(results: Results) -> dict[str, Any]:
    found = results.subgroups.later
    return {
        "outcomes": [_counts(f"later/outcome/{name}", name, c) for name, c in found.by_prior_outcome.items()],
        "ends": [_counts(f"later/end/{name}", name, c) for name, c in found.by_prior_end.items()],
        "arms": _counts("later/arms", "arms of later lines", found.arms),
        "switches": [{**switch.to_dict(), "key": f"unit/{switch.id}"} for switch in found.switches],
    }


def _counts(key: str, label: str, counts: Any) -> dict[str, str]:
    return {"key": key, "label": label, "fraction": fraction(counts.responders, counts.evaluable)}


def _duration(results: Results, link: Link) -> dict[str, Any]:
    """As in the report, with the cases of each field beside it."""
    content = duration_content(results, link)
    for (pool, found), shown in zip(results.duration.items(), content["pools"], strict=True):
        for (field, times), each in zip(found.times.items(), shown["fields"], strict=True):
            each["key"] = f"time/{pool}/{field}"
            each["counts"] = f"{len(times.known)} of {times.patients}"
    return content


def _deaths(results: Results) -> dict[str, Any]:
    found = results.deaths_and_toxicity
    items = (("status", found.status, "patient"), ("end", found.ends, "course"), ("event", found.events, "course"))
    return {
        "items": [_stated(key, item, unit) for key, item, unit in items],
        "as_counts": plural(found.as_counts, "patient"),
        "as_counts_key": "stated/as counts",
        "within_arms": found.within_arms,
        "within_arms_key": "stated/within arms",
    }


def _stated(key: str, item: Stated, unit: str) -> dict[str, Any]:
    return {
        "title": item.item[:1].upper() + item.item[1:],
        "key": f"stated/{key}",
        "stated": f"{len(item.stated)} of {plural(len(item.asked), unit)}",
        "values": [
            {"label": value, "number": len(names), "key": f"stated/{key}/{value}"}
            for value, names in item.values.items()
        ],
    }


def _published(results: Results, link: Link) -> list[dict[str, Any]]:
    """As in the report, with where each figure is printed."""
    content = published_content(results.published, link)
    return [
        {**row, "source": address_of(found.entry), "where": found.entry.where or ""}
        for row, found in zip(content, results.published, strict=True)
    ]


def _left_out(results: Results) -> Iterator[dict[str, Any]]:
    """Every unit that is not in the headline pool, by the reason that decides."""
    by_reason: dict[str, list[dict[str, str]]] = {}
    for each in results.response.headline.left_out:
        unit = each.unit
        more = f" ({each.others})" if each.others else ""
        counts = f" {fraction(unit.responders, unit.evaluable)}" if unit.evaluable else ""
        entry = {"id": unit.id, "key": f"unit/{unit.id}", "more": f"{counts}{more}"}
        by_reason.setdefault(each.reason, []).append(entry)
    for reason, units in sorted(by_reason.items()):
        number = plural(len(units), "course or arm", "courses and arms")
        yield {"reason": reason[:1].upper() + reason[1:], "key": f"left/{reason}", "number": number, "units": units}


def _publications(results: Results, shared: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    files = {placed.unit.report: placed.unit.file for placed in results.selection.placed}
    for report, row in zip(results.library.reports, shared, strict=True):
        yield {
            **row,
            "reference": reference(report),
            "links": links(report),
            "file": files.get(report.id, ""),
            "design": words(report.report.design),
        }
