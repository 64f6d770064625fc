"""The tables of `metaimt pool` in a terminal 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from metaimt.analyses.breakdown import Breakdown, Level
from metaimt.analyses.pooled_response import Group, PooledResponse
from metaimt.analyses.wording import (
    NOTHING,
    disagreement,
    fraction,
    percent,
    plural,
    priors_text,
    rate_and_limits,
    selection_text,
)
from metaimt.casefiles.library import Pending
from metaimt.content.headline import HeadlineRow, headline_rows, reasons
from metaimt.content.labels import short_name
from metaimt.files import for_terminal
from metaimt.model.count import Count
from metaimt.model.reason import Why
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import FEW, PooledProportion
from metaimt.statistics.proportion import Proportion

WIDTH = 80
_NAME, _START = 27, 52


def pooled_table(result: PooledResponse, *, details: bool = False) -> str:
    """The headline table on one screen: pools with their strata, the separate rows, who is not in the headline, one
    line on the method. `details` adds the priors, how much reports differ, complete response and disease control.
    """
    lines = [
        *_title(result.title, f"v{result.version}"),
        *_wrapped(answer_text(result.headline)),
        "",
        _heading("mean over reports, 95 %"),
    ]
    rows = list(headline_rows(result))
    lines += [_row(row) for row in rows if row.kind != "row" and (row.in_headline or row.kind in {"pool", "local"})]
    separate = sorted((row for row in rows if row.kind == "row" and row.rate is not None), key=_later_first)
    if separate:
        lines += [_heading("these patients, exact"), *map(_row, separate)]
    lines += ["", *_notes(result)]
    if details:
        lines += ["", *_details(result)]
    else:
        lines.append("More: --details, --by histology, --why-left-out; metaimt list, show ID; -h")
    return "\n".join(line.rstrip() for line in lines)


def answer_text(headline: Group) -> str:
    """How many responded, and between what the average rate across such reports lies."""
    counts, orr = headline.counts, headline.orr
    if orr is None:
        return for_terminal(f"{headline.label}: {NOTHING}.")
    said = f"{counts.responders} of {plural(counts.evaluable, 'patient')} responded"
    share = percent(counts.responders / counts.evaluable)
    said += f" ({share}) in {plural(counts.reports, 'report')}: {headline.label}."
    interval = rate_and_limits(orr.estimate, orr.lower, orr.upper, " and ")[1]
    if isinstance(orr, PooledProportion):
        said += f" The average rate across such reports probably lies between {interval} %."
    else:
        said += f" Exact interval of these patients: {interval.replace(' and ', ' to ')} %."
    return for_terminal(said)


def _later_first(row: HeadlineRow) -> bool:
    return row.name != "later_lines"


def _title(title: str, version: str) -> list[str]:
    title = for_terminal(title)
    if len(title) + len(version) + 1 <= WIDTH:
        return [f"{title}{version:>{WIDTH - len(title)}}"]
    return [*_wrapped(title), version]


def _heading(what: str) -> str:
    return f"{'':<{_NAME}}{'r/n':>7}{'r/n %':>9}{'reports':>9}   {what}"


def _row(row: HeadlineRow) -> str:
    indent = "" if row.kind in {"pool", "row"} else "  "
    if isinstance(row.rate, NotRun):
        return f"{indent}{row.label:<{_NAME - 2}}  {row.rate.wording()}"
    start = _counts_row(f"{indent}{row.label}", row.counts) if row.fraction else f"{indent + row.label:<{_START}}"
    if row.rate is None:
        return start if row.kind == "local" else f"{start}  {NOTHING}"
    rate, interval = rate_and_limits(row.rate.estimate, row.rate.lower, row.rate.upper)
    if isinstance(row.rate, Proportion):
        return f"{start}{'':>9}   {interval:<13}{'exact' if row.kind != 'row' and row.rate.evaluable else ''}"
    assumed = isinstance(row.rate, PooledProportion) and row.rate.assumed
    return f"{start}{f'{rate} %':>9}   {interval:<13}{'*' if assumed else ''}"


def _counts_row(label: str, counts: Count) -> str:
    name = for_terminal(label)
    name = name if len(name) < _NAME else f"{name[: _NAME - 2]}…"
    share = percent(counts.responders / counts.evaluable) if counts.evaluable else ""
    return f"{name:<{_NAME}}{fraction(counts.responders, counts.evaluable):>7}{share:>9}{counts.reports:>8} "


def _notes(result: PooledResponse) -> Iterator[str]:
    headline = result.headline
    if result.not_in_headline:
        yield from _wrapped(f"Not in {headline.name}: {reasons(result.not_in_headline)}.")
    unstated = headline.line_not_stated.evaluable
    if unstated:
        of = f"{unstated} of {plural(headline.counts.evaluable, 'patient')} in {short_name(headline.name)}"
        yield from _wrapped(f"Line of treatment mixed or not stated: {of}.")
    pools = tuple(result.pools.values())
    yield from _wrapped(_model(pools))
    if not isinstance(headline.adjusted, NotRun) and headline.adjusted:
        times = f"about {headline.adjusted[0].prior.odds_ratio:g} times"
        yield from _wrapped(f"Adjusted: rate in trials, with odds of response elsewhere {times} as high.")
    yield from _few(pools)
    yield from _disagreements(pools)


def _details(result: PooledResponse) -> Iterator[str]:
    """What a statistician asks next."""
    headline, pools = result.headline, tuple(result.pools.values())
    found = _pooled(pools)
    if found is not None:
        yield from _wrapped(f"Priors of the pools: {priors_text(found.mu_prior, found.rho_prior)}.")
    if not isinstance(headline.adjusted, NotRun) and headline.adjusted:
        prior = headline.adjusted[0].prior
        yield from _wrapped(f"Adjusted for selection: in trials, given all reports and {selection_text(prior)}.")
    spread = [
        f"{each.orr.rho.wording()} ({short_name(each.name)})"
        for each in pools
        if isinstance(each.orr, PooledProportion)
    ]
    if spread:
        text = f"Spread between reports (rho; 0: alike, 1: all or none in each): {', '.join(spread)}."
        yield from _wrapped(text)
    lines = [
        f"{group.line_not_stated.evaluable} of {group.counts.evaluable} patients ({short_name(group.name)})"
        for group in pools
    ]
    yield from _wrapped(f"Line of treatment mixed or not stated: {', '.join(lines)}.")
    yield from _rates(pools)


def _disagreements(pools: tuple[Group, ...]) -> Iterator[str]:
    """Where large and small reports disagree, in a pool or a stratum of the headline."""
    for group in pools:
        for part in (group, *(group.strata.values() if group is pools[0] else ())):
            where = short_name(group.name) if part is group else f"{part.label} ({short_name(group.name)})"
            if isinstance(part.orr, PooledProportion) and (said := disagreement(part.orr)):
                yield from _wrapped(f"{where}: {said}.")


def _pooled(pools: Iterable[Group]) -> PooledProportion | None:
    return next((group.orr for group in pools if isinstance(group.orr, PooledProportion)), None)


def _model(pools: Iterable[Group]) -> str:
    found = _pooled(pools)
    if found is None:
        return "Pools: none has two reports, so nothing is pooled."
    return f"Pools: {found.method}."


def _few(pools: Iterable[Group]) -> Iterator[str]:
    """What the star means, where there is one."""
    rates = [part.orr for group in pools for part in (group, *group.strata.values())]
    if any(isinstance(orr, PooledProportion) and orr.assumed for orr in rates):
        yield from _wrapped(f"* {FEW} reports or fewer: the spread between reports is mostly assumed.")


def _rates(pools: Iterable[Group]) -> Iterator[str]:
    for word, field in (("Complete response", "complete"), ("Disease control", "controlled")):
        said = [_rate(group, getattr(group, field)) for group in pools]
        yield from _wrapped(f"{word}, where known: {'; '.join(said)}.")


def _rate(group: Group, share: Proportion | PooledProportion | None) -> str:
    if share is None:
        return f"nobody ({short_name(group.name)})"
    counts = fraction(share.responders, share.evaluable)
    rate, interval = rate_and_limits(share.estimate, share.lower, share.upper)
    return f"{counts}, {rate} % [{interval}] ({short_name(group.name)})"


def _wrapped(text: str) -> list[str]:
    """Lines for the terminal; a number keeps its per cent sign."""
    kept = for_terminal(text).replace(" %", "\u00a0%")
    return [line.replace("\u00a0", " ") for line in textwrap.wrap(kept, WIDTH)]


def left_out_table(result: PooledResponse) -> str:
    """Every unit that is not in the headline, by its decisive reason, with all its reasons."""
    lines: list[str] = []
    for pool in result.pools.values():
        by_reason: dict[Why, list[str]] = {}
        for unit in pool.left_out:
            more = f"  (also {unit.others})" if unit.others else ""
            line = f"  {unit.unit.id:<36}{fraction(unit.unit.responders, unit.unit.evaluable):>6}{more}"
            by_reason.setdefault(unit.reasons[0], []).append(line)
        lines.append(f"Not in {pool.name}: {plural(len(pool.left_out), 'course or arm', 'courses and arms')}")
        for reason, units in sorted((str(why), units) for why, units in by_reason.items()):
            lines += ["", for_terminal(reason), *(for_terminal(unit) for unit in sorted(units))]
        lines.append("")
    return "\n".join(lines)


def pending_text(pending: Iterable[Pending]) -> str:
    """The files that wait, each with its reason; empty if none does."""
    said = "; ".join(f"{each.id} ({each.reason})" for each in pending)
    return "\n".join(_wrapped(f"Pending, in no pool: {said}.")) if said else ""


def breakdown_table(tables: Iterable[Breakdown], labels: Mapping[str, str]) -> str:
    """One grouping for all pools side by side, the widest pool first; the rows add up to the pool."""
    pools = list(tables)[::-1]
    first = pools[0]
    name = first.grouping.replace("_", " ")
    names = [level.name for level in first.levels]
    names += [level.name for other in pools[1:] for level in other.levels if level.name not in names]
    heading = f"{name:<22}" + "".join(f"{labels[pool.pool]:<29}" for pool in pools)
    lines = [heading, f"{'':<22}" + f"{'r/n':>7}{'ORR':>9} {'95 % exact':<12}" * len(pools)]
    for level_name in names:
        cells = "".join(_cell(next((x for x in pool.levels if x.name == level_name), None)) for pool in pools)
        lines.append(f"{_short(for_terminal(level_name)):<22}{cells}")
    totals = "".join(f"{fraction(pool.total.responders, pool.total.evaluable):>7}{'':<22}" for pool in pools)
    return "\n".join(line.rstrip() for line in [*lines, f"{'all':<22}{totals}"])


def _short(name: str) -> str:
    return name if len(name) < 22 else f"{name[:20]}…"


def _cell(level: Level | None) -> str:
    if level is None or level.orr is None:
        return f"{'0/0':>7}{'':<22}"
    counts = fraction(level.counts.responders, level.counts.evaluable)
    rate, interval = rate_and_limits(level.orr.estimate, level.orr.lower, level.orr.upper, "-")
    return f"{counts:>7}{f'{rate} %':>9} {interval:<12}"
