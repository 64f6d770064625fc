"""The section of the report on publication bias: the note, its technical version, and the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metaimt.analyses.contrasts import MODEL, Contrast, Side
from metaimt.analyses.publication_bias import PublicationBias, Trend
from metaimt.analyses.results import Results
from metaimt.analyses.selectivity import NONE_NEEDED, SHOWN_S, THRESHOLD, Selectivity, Target, curve_point
from metaimt.model.count import Count, Reports
from metaimt.report.bias_note import (
    bias_note,
    odds_with_interval,
    pool_words,
    small_studies_text,
)
from metaimt.report.environment import Rendered, render
from metaimt.report.linked import Link, first_count, plain
from metaimt.report.wording import NOTHING, fraction, limits, odds_text, percent, plural
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.small_study import BEGG, HUNTER, PETERS


def bias_section(results: Results) -> Rendered:
    """The section on publication bias, in Markdown."""
    return render("publication_bias.md.j2", {"bias": bias_content(results)})


def bias_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """The note, its technical version and the rows of the tables, for the report and the page."""
    bias = results.publication_bias
    curves = {pool: found for pool, found in bias.selectivity.items() if isinstance(found, Selectivity)}
    labels = {pool: results.protocol.label(pool) for pool in bias.selectivity}
    return {
        "note": bias_note(results, link),
        "technical": list(_technical(results, link)),
        "contrasts": [_contrast_row(contrast, link) for contrast in bias.contrasts],
        "pools": [labels[pool] for pool in curves],
        "curve": [{"s": f"{s:g}", "cells": [_curve_cell(found, s) for found in curves.values()]} for s in SHOWN_S],
        "targets": list(_target_rows(bias, curves, link)),
        "reading": list(_reading_rows(bias, labels)),
    }


def technical_note(results: Results) -> str:
    """The longer version of the note, one sentence an analysis: for a supplement."""
    return " ".join(_technical(results, plain))


def _technical(results: Results, link: Link) -> Iterator[str]:
    bias = results.publication_bias
    pools = {pool: pool_words(results, pool) for pool in bias.selectivity}
    yield (
        f"Each contrast is one {MODEL}, with the report as cluster and a likelihood-ratio test of an odds ratio of 1 "
        "(chi-square, 1 degree of freedom)."
    )
    for contrast in bias.contrasts:
        yield _contrast_sentence(contrast, link)
    for pool, found in bias.selectivity.items():
        yield from _curve_sentences(found, pools[pool])
    for pool, small in bias.small_studies.items():
        yield f"Small-study diagnostics in {pools[pool]}: {small_studies_text(small, bias.larger[pool], link)}."
    yield f"Where run they are Peters' regression ({PETERS}), Begg's test ({BEGG}), and a {HUNTER} (Hunter 2014)."
    for pool, trend in bias.trends.items():
        yield f"Trend with publication year in {pools[pool]}: {trend_text(trend, link)}."
    for pool, reading in bias.reading.items():
        basis = _parts(reading.basis, reading.total, link)
        depth = _parts(reading.depth, reading.total, link)
        yield f"The responses in {pools[pool]} are {basis}; the reports were read as {depth} (patients)."


def _parts(levels: Mapping[str, Count], total: Count, link: Link) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {link(f'{counts.evaluable} of {total.evaluable}', counts)} ({_share(counts, total)})"
        for name, counts in levels.items()
    )


def _share(counts: Count, total: Count) -> str:
    return percent(counts.evaluable / total.evaluable) if total.evaluable else NOTHING


def _contrast_sentence(contrast: Contrast, link: Link) -> str:
    sides = f"{_side_text(contrast.group, link)} against {_side_text(contrast.reference, link)}"
    found = contrast.odds_ratio
    said = f"{sides[0].upper()}{sides[1:]}: {odds_with_interval(contrast)}"
    if isinstance(found, OddsRatio):
        said += f", likelihood ratio {found.statistic:.2f}, p = {_p(found.p)}, rho {_rho(found)}"
        if contrast.wider is not None and not found.separated:
            lower, upper = (odds_text(value) for value in contrast.wider)
            said += f"; with the cut-off F(1, K - 3), {lower} to {upper}"
    return said + (f" ({contrast.caveat})." if contrast.caveat else ".")


def _side_text(side: Side, link: Link) -> str:
    counts = side.counts
    patients = link(fraction(counts.responders, counts.evaluable), counts)
    return f"{side.label}, {patients} in {link(plural(counts.reports, 'report'), Reports(counts))}"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _rho(found: OddsRatio) -> str:
    if isinstance(found.rho, NotIdentified):
        return found.rho.wording()
    return "not detected" if found.rho == 0 else f"{found.rho:.2f}"


def _curve_sentences(found: Selectivity | NotRun, words: str) -> Iterator[str]:
    if isinstance(found, NotRun):
        yield f"Selectivity in {words}: {found.wording()}."
        return
    points = [curve_point(found.cases, s) for s in SHOWN_S if 1 < s < 20]
    said = ", ".join(f"{p.s:g}: {percent(p.orr)} ({limits(p.lower, p.upper, ' to ')})" for p in points)
    start = f"If responders are s times as likely to be published, the true ORR behind case reports in {words}"
    yield f"{start} is, at s = {said}."
    needed = [f"{_target_name(target)}: {_s_range(target)}" for target in found.targets]
    if needed:
        yield f"The s at which it meets a target, with that of the limits of its band: {'; '.join(needed)}."


def _target_name(target: Target) -> str:
    return target.name if target.kind == THRESHOLD else f"{target.name} ({percent(target.orr)})"


def _s_range(target: Target) -> str:
    if target.s is None:
        return "not identified"
    ends = [("not identified" if s is None else odds_text(s)) for s in (target.s_lower, target.s_upper)]
    return f"{odds_text(target.s)} ({ends[0]} to {ends[1]})"


def trend_text(trend: Trend, link: Link = plain) -> str:
    """The odds ratio per year, or `not run: ...`."""
    found = trend.odds_ratio
    if not isinstance(found, OddsRatio):
        return first_count(found.wording(), Reports(trend.undated), link)
    interval = f"{100 * found.level:g} % interval {found.lower:.3f} to {found.upper:.3f}"
    dated = f"{link(f'{trend.dated.reports} of {trend.reports}', Reports(trend.dated))} reports dated"
    return f"odds ratio {found.estimate:.3f} a year ({interval}), p = {_p(found.p)}, {dated}"


def _contrast_row(contrast: Contrast, link: Link) -> dict[str, str]:
    found = contrast.odds_ratio
    cells = {"odds_ratio": "", "interval": "", "p": "", "rho": ""}
    if isinstance(found, OddsRatio):
        interval = f"{odds_text(found.lower)} - {odds_text(found.upper)}"
        odds = f"not identified ({contrast.unbounded()})" if found.separated else odds_text(found.estimate)
        cells = {"odds_ratio": odds, "interval": interval, "p": _p(found.p), "rho": _rho(found)}
    else:
        cells["odds_ratio"] = found.wording()
    sides = {"group": contrast.group, "reference": contrast.reference}
    return {name: _side_cell(side, link) for name, side in sides.items()} | cells


def _side_cell(side: Side, link: Link) -> str:
    return f"{_side_text(side, link)}, {percent(side.orr.estimate) if side.orr else NOTHING}"


def _curve_cell(found: Selectivity, s: float) -> str:
    point = curve_point(found.cases, s)
    return f"{percent(point.orr)} ({limits(point.lower, point.upper)})"


def _target_rows(bias: PublicationBias, curves: Mapping[str, Selectivity], link: Link) -> Iterator[dict[str, Any]]:
    """Each number leads to the case reports that the missing non-responders are missing from."""
    cases = {pool: bias.design(pool).group.counts for pool in curves}
    for name in dict.fromkeys(target.name for found in curves.values() for target in found.targets):
        targets = {pool: next((t for t in found.targets if t.name == name), None) for pool, found in curves.items()}
        first = next(target for target in targets.values() if target is not None)
        cells = [_missing_cell(target, cases[pool], link) for pool, target in targets.items()]
        yield {"name": _target_name(first), "cells": cells}


def _missing_cell(target: Target | None, cases: Count, link: Link) -> str:
    if target is None:
        return ""
    missing = NONE_NEEDED if target.missing == 0 else "no number" if target.missing is None else str(target.missing)
    return f"{link(missing, cases)}; s = {_s_range(target)}"


def _reading_rows(bias: PublicationBias, labels: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for pool, reading in bias.reading.items():
        for kind, levels in (("response", reading.basis), ("read as", reading.depth)):
            for name, counts in levels.items():
                yield {
                    "pool": labels[pool],
                    "kind": kind,
                    "level": name.replace("_", " "),
                    "fraction": fraction(counts.responders, counts.evaluable),
                    "share": f"{counts.evaluable} of {reading.total.evaluable} ({_share(counts, reading.total)})",
                    "reports": str(counts.reports),
                }
