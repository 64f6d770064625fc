"""A data set under every model, as text in 80 columns and as rows for CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from metaimt.analyses.comparison import Comparison
from metaimt.analyses.models import LIKELIHOOD, Interval, Model
from metaimt.analyses.study_parts import Part, Subgroups
from metaimt.analyses.wording import fraction, plural, prior_words, rate_and_limits, spread_words
from metaimt.analyses.wording import predicted as predicted_text
from metaimt.files import for_terminal
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.glmm import Separated
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.prediction import Predicted
from metaimt.statistics.proportion import Proportion

if TYPE_CHECKING:  # what makes the tables of a review reads case files, which a table of studies does not need
    from metaimt.report.cells import Row

WIDTH, _NAME, _CELL = 80, 34, 20
_EXACT = {"beta-binomial", "glmm", *LIKELIHOOD.values()}
_MOST_LINES = 60


def comparison_text(found: Comparison, *, parts: bool = True) -> str:
    """The models, then, with `parts`, subgroups, each report left out, and the rate over time."""
    blocks = [[*_heading(found), *_models(found)]]
    if found.heterogeneity is not None:
        blocks += [_compared(found), _heterogeneity(found.heterogeneity)]
    if parts:
        blocks += [_subgroups(found.subgroups), _left_out(found), _over_time(found)]
    blocks += [_wrapped(f"Note: {warning}") for warning in found.warnings]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)


def studies_text(found: Comparison, prediction: Predicted) -> str:
    """A table of studies: `comparison_text`, with what a new report may show and what the rows above do not say."""
    return "\n\n".join(["\n".join(_wrapped(_answer(found))), comparison_text(found), predicted(prediction)])


def _answer(found: Comparison) -> str:
    """How many responded, and between what the average rate lies."""
    total, rate = found.crude["clopper-pearson"], found.methods["beta-binomial"].rates[""]
    share = rate_and_limits(total.estimate, total.lower, total.upper)[0]
    said = f"{total.responders} of {plural(total.evaluable, 'patient')} responded ({share} %)"
    said += f" in {plural(found.reports, 'report')}."
    if not isinstance(rate, Interval):
        return said
    limits = rate_and_limits(rate.estimate, rate.lower, rate.upper, " and ")[1]
    if found.reports == 1:
        return f"{said} Exact interval of these patients: {limits.replace(' and ', ' to ')} %."
    return f"{said} The average rate across such reports probably lies between {limits} %."


def predicted(prediction: Predicted) -> str:
    """The true rate of a new report, and that it is largely a belief."""
    if isinstance(prediction, NotIdentified):
        return f"True rate of a new report: {prediction.wording()}."
    prior = f"largely the prior rho ~ {prior_words(prediction.rho_prior)}"
    return "\n".join(_wrapped(f"True rate of a new report: {predicted_text(prediction)}; {prior}."))


def _heading(found: Comparison) -> list[str]:
    total = found.crude["clopper-pearson"]
    counts = f"{fraction(total.responders, total.evaluable)} in {plural(found.reports, 'report')}"
    return _wrapped(f"{for_terminal(found.name)}: {counts}, {found.informative} of them with two patients or more")


def _models(found: Comparison) -> Iterator[str]:
    yield ""
    yield f"{'model':<{_NAME}}{'rate':>8}   95 % interval"
    for name, share in found.crude.items():
        yield f"{f'crude, {name}':<{_NAME}}{_rate(share)}"
    for name, model in found.methods.items():
        if name in _EXACT:
            yield from _model_lines(name, model)


def _model_lines(name: str, model: Model) -> Iterator[str]:
    for part, rate in model.rates.items():
        label = f"{name}, {part.replace('_', ' ')}" if part else name
        yield f"{label:<{_NAME}}{_rate(rate)}"
    figures = [f"{key} {_number(value)}" for key, value in model.figures.items()]
    yield from (f"  {line}" for line in textwrap.wrap("; ".join(figures), WIDTH - 2))
    if model.reason:
        yield from (f"  {line}" for line in textwrap.wrap(f"{model.method}: {model.reason}", WIDTH - 2))


def _compared(found: Comparison) -> list[str]:
    """The models for comparison with the reason, on all reports and on the larger ones."""
    others = {name: model for name, model in found.methods.items() if name not in _EXACT}
    lines = [f"{'for comparison':<24}{'all reports':<24}two patients or more"]
    for name, model in others.items():
        larger = model.larger.rates[""] if isinstance(model.larger, Model) else model.larger
        lines.append(f"{name:<24}{_rate(model.rates['']).strip():<24}{'' if larger is None else _rate(larger).strip()}")
    reasons = dict.fromkeys(model.reason for model in others.values() if model.reason)
    notes = dict.fromkeys(note for model in others.values() for note in model.warnings)
    return lines + [line for text in (*reasons, *notes) for line in _wrapped(text)]


def _heterogeneity(found: Mapping[str, Any]) -> list[str]:
    lines = ["heterogeneity (logit, REML)", *_wrapped(f"  all reports: {spread_words(found)}")]
    return [*lines, *_wrapped(f"  two patients or more: {spread_words(found['reports_of_two_or_more'])}")]


def _subgroups(found: Subgroups | NotRun) -> list[str]:
    if isinstance(found, NotRun):
        return [f"subgroups {found.wording()}"]
    columns = {"exact": "exact", "partially_pooled": "partially pooled", "glmm": "GLMM median"}
    shown = [name for name in columns if name in found.levels[0].models]
    heading = "".join(f"{columns[name]:<19}" for name in shown)
    lines = [f"{f'by {found.grouping}':<17}{'r/n':>7}  {heading}"]
    for level in found.levels:
        cells = "".join(f"{_cell(level.models[name]):<19}" for name in shown)
        lines.append(f"{_short(level.name, 16):<17}{fraction(level.responders, level.evaluable):>7}  {cells}")
    lines += _wrapped(f"any difference: {_test(found.exact)}")
    return lines + (_wrapped(f"GLMM: {_test(found.likelihood)}") if "glmm" in shown else [])


def _test(test: Any) -> str:
    if isinstance(test, NotRun | Separated):
        return test.wording()
    if isinstance(test, ExactTest):
        return f"p = {test.p:.3g}, {test.wording()}"
    return f"likelihood ratio {test.statistic:.2f} on {test.df} df, p = {test.p:.3g}"


def _left_out(found: Comparison) -> list[str]:
    if isinstance(found.leave_one_out, NotRun):
        return [f"each report left out {found.leave_one_out.wording()}"]
    alike: dict[tuple[int, int], list[Part]] = {}
    for part in found.leave_one_out:
        alike.setdefault((part.responders, part.evaluable), []).append(part)
    rows = []
    for group in alike.values():
        more = f" and {len(group) - 1} alike" if len(group) > 1 else ""
        rows.append((f"{_short(group[0].name, 22 - len(more))}{more}", group[0]))
    return _part_lines("each report left out", rows)


def _over_time(found: Comparison) -> list[str]:
    lines = _part_lines("cumulative", [(_short(part.name, 22), part) for part in found.cumulative])
    return [*lines, "Not adjusted for repeated looks."]


def _part_lines(title: str, rows: list[tuple[str, Part]]) -> list[str]:
    lines = [f"{title:<23}{'r/n':>9}  beta-binomial"]
    for name, part in rows[:_MOST_LINES]:
        cell = _cell(part.models["beta-binomial"])
        lines.append(f"{name:<23}{fraction(part.responders, part.evaluable):>9}  {cell}")
    return lines + ([f"... and {len(rows) - _MOST_LINES} more: --format csv"] if len(rows) > _MOST_LINES else [])


def _cell(found: Any) -> str:
    """Rate and limits in short; of a GLMM the median report."""
    rate = found.rates.get("") or found.rates["median"] if isinstance(found, Model) else found
    if isinstance(rate, Interval | Proportion):
        return "{} [{}]".format(*rate_and_limits(rate.estimate, rate.lower, rate.upper, "-"))
    return "not run" if isinstance(rate, NotRun) else "not identified"


def _rate(rate: Interval | Proportion | NotIdentified) -> str:
    if isinstance(rate, NotIdentified):
        return f"  {rate.wording()}"
    shown, interval = rate_and_limits(rate.estimate, rate.lower, rate.upper)
    return f"{f'{shown} %':>8}   {interval}"


def _number(value: float | NotIdentified) -> str:
    return value.wording() if isinstance(value, NotIdentified) else f"{value:.4g}"


def _short(name: str, width: int) -> str:
    safe = for_terminal(name)
    return safe if len(safe) <= width else f"{safe[: width - 1]}…"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(for_terminal(text), WIDTH, break_on_hyphens=False, subsequent_indent="  ")


def method_rows(compared: Mapping[str, Comparison]) -> Iterator[Row]:
    """Every model of every pool; each report left out is in its own table."""
    for pool, found in compared.items():
        yield from (row for row in comparison_rows(found, pool) if row["section"] in {"crude", "methods"})


def comparison_rows(found: Comparison, data: str) -> Iterator[Row]:
    """A row for each estimate: section, part, model, rate, estimate, limits, and why there is none."""
    counts = found.crude["clopper-pearson"]
    for name, share in found.crude.items():
        yield _row((data, "crude", ""), (found.reports, counts.responders, counts.evaluable), name, "", share)
    whole = Part("", found.reports, counts.responders, counts.evaluable, found.methods)
    yield from _part_rows(data, "methods", [whole])
    if isinstance(found.subgroups, Subgroups):
        yield from _part_rows(data, "subgroups", found.subgroups.levels)
    if not isinstance(found.leave_one_out, NotRun):
        yield from _part_rows(data, "leave_one_out", found.leave_one_out)
    yield from _part_rows(data, "cumulative", found.cumulative)


def _part_rows(data: str, section: str, parts: Iterable[Part]) -> Iterator[Row]:
    for part in parts:
        counts = (part.reports, part.responders, part.evaluable)
        for name, model in part.models.items():
            rates = model.rates if isinstance(model, Model) else {"": model}
            for rate, value in rates.items():
                yield _row((data, section, part.name), counts, name, rate, value)
            if isinstance(model, Model) and isinstance(model.larger, Model):
                yield _row((data, section, "two patients or more"), (), name, "", model.larger.rates[""])


def _row(
    place: tuple[str, str, str], counts: tuple[int, int, int] | tuple[()], model: str, rate: str, value: Any
) -> Row:
    there = isinstance(value, Interval | Proportion)
    return {
        **dict(zip(("data", "section", "part"), place, strict=True)),
        **dict(zip(("reports", "responders", "evaluable"), counts or (None, None, None), strict=True)),
        "model": model,
        "rate": rate,
        "estimate": value.estimate if there else None,
        "lower": value.lower if there else None,
        "upper": value.upper if there else None,
        "note": "" if there else value.wording(),
    }
