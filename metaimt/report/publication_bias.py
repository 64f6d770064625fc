"""The section of the report on publication bias: the note, its technical version, and the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from metaimt.analyses.contrasts import LIKELIHOOD, MODEL, Contrast, Side
from metaimt.analyses.publication_bias import PublicationBias, Trend
from metaimt.analyses.results import Results
from metaimt.analyses.selectivity import NONE_NEEDED, SHOWN_S, THRESHOLD, Selectivity, Target, curve_point
from metaimt.model.count import Count, Reports
from metaimt.report.bias_note import (
    NOT_ALONE,
    bias_note,
    odds_with_interval,
    pool_words,
    short_rate,
    small_studies_text,
)
from metaimt.report.environment import Rendered, render
from metaimt.report.linked import Link, first_count, plain
from metaimt.report.wording import NOTHING, fraction, limits, odds_text, percent, plural
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotRun
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
        "wordings": list(dict.fromkeys(cell.wording for cell in bias.cells)),
        "cells": list(_cell_rows(bias, link)),
        "adjusted": list(_adjusted_table(results)),
        "adjusted_pools": [group.label for group in results.response.pools.values()],
        "not_alone": f"{NOT_ALONE[0].upper()}{NOT_ALONE[1:]}.",
    }


def technical_note(results: Results) -> str:
    """The longer version of the note, one sentence an analysis: for a supplement."""
    return " ".join(_technical(results, plain))


def _technical(results: Results, link: Link) -> Iterator[str]:
    bias = results.publication_bias
    pools = {pool: pool_words(results, pool) for pool in bias.selectivity}
    yield f"Each contrast is one {MODEL}. For comparison with other programs: {LIKELIHOOD}."
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
    said = f"{sides[0].upper()}{sides[1:]}: {odds_with_interval(contrast)}"
    said += f"; by maximum likelihood {_likelihood(contrast)}"
    return said + (f" ({contrast.caveat})." if contrast.caveat else ".")


def _side_text(side: Side, link: Link) -> str:
    counts = side.counts
    patients = link(fraction(counts.responders, counts.evaluable), counts)
    return f"{side.label}, {patients} in {link(plural(counts.reports, 'report'), Reports(counts))}"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _likelihood(contrast: Contrast) -> str:
    """`2.04 (0.79 to 5.90), p = 0.15`, with the wider limits under the cut-off F; or why there is none."""
    found = contrast.likelihood
    if not isinstance(found, OddsRatio):
        return found.wording()
    if found.separated:
        bound = f"at least {odds_text(found.lower)}" if found.estimate == inf else f"at most {odds_text(found.upper)}"
        return f"not identified ({contrast.unbounded()}), {bound}, p = {_p(found.p)}"
    said = f"{odds_text(found.estimate)} ({odds_text(found.lower)} to {odds_text(found.upper)}), p = {_p(found.p)}"
    if contrast.wider is None:
        return said
    lower, upper = (odds_text(value) for value in contrast.wider)
    return f"{said}; F(1, K - 3): {lower} to {upper}"


def _cell_rows(bias: PublicationBias, link: Link) -> Iterator[dict[str, Any]]:
    """The four cells behind the adjusted rate: kind of report by wording."""
    for design in dict.fromkeys(cell.design for cell in bias.cells):
        cells = [
            link(fraction(each.counts.responders, each.counts.evaluable), each.counts)
            for each in bias.cells
            if each.design == design
        ]
        yield {"design": design, "cells": cells}


def _adjusted_table(results: Results) -> Iterator[dict[str, Any]]:
    """The rate adjusted for selection under each prior, by pool."""
    by_pool = {
        name: {} if isinstance(group.adjusted, NotRun) else {each.prior: each for each in group.adjusted}
        for name, group in results.response.pools.items()
    }
    for prior in dict.fromkeys(prior for found in by_pool.values() for prior in found):
        low, high = prior.span()
        span = "no selection" if prior.log_sd == 0 else f"odds {odds_text(low)} to {odds_text(high)} times as high"
        cells = [short_rate(found[prior]) if prior in found else "not run" for found in by_pool.values()]
        yield {"prior": prior.wording(), "span": span, "cells": cells}


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
    if isinstance(found, NotRun):
        cells = {"odds_ratio": found.wording(), "interval": "", "likelihood": ""}
    else:
        interval = f"{odds_text(found.lower)} - {odds_text(found.upper)}"
        cells = {"odds_ratio": odds_text(found.estimate), "interval": interval, "likelihood": _likelihood(contrast)}
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
