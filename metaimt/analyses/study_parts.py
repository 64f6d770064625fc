"""A data set by subgroup, with a report left out, and over time; the last two by the headline's model alone.

numpy and scipy.special only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.models import PRIORS, Interval, Model, Priors, Rate, beta_binomial_parts, glmm_model
from metaimt.casefiles.studies import Study
from metaimt.model.count import grouped
from metaimt.serialise import Instead, optional, published, spread, to_json
from metaimt.statistics.exact_tests import ExactTest, exact_test
from metaimt.statistics.glmm import BetweenGroups, Separated, between_groups
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.partial_pooling import partial_pooling
from metaimt.statistics.proportion import clopper_pearson

NOT_REPORTED = "not reported"
NOT_ASKED = "the binomial-normal model was not asked for"
MOST_LEVELS, MOST_KINDS, MOST_STEPS = 50, 300, 100


_COUNTED: Final = ("reports", "responders", "evaluable", spread("models"))
IN_FULL: Final[Instead] = {
    ExactTest: ("p", "method", "levels", "standard_error", *map(optional, ("tables", "replicates", "seed")))
}
"""A test with how it was made: for JSON."""


def named(key: str) -> Instead:
    """Parts under another key than `level`: for JSON."""
    return {Part: ((key, "name"), *_COUNTED)}


@published(*_COUNTED, level="name")
@dataclass(frozen=True)
class Part:
    """A part of the reports: counts, and the models on them. name: of a level, of the report left out, or a step."""

    name: str
    reports: int
    responders: int
    evaluable: int
    models: Mapping[str, Model | Rate | NotRun]


@published("grouping", "levels", exact_test=lambda each: to_json(each.exact, IN_FULL), glmm_test="likelihood")
@dataclass(frozen=True)
class Subgroups:
    """Each level, larger ones first, "not reported" last and out of shrinkage and tests; and both tests."""

    grouping: str
    levels: tuple[Part, ...]
    exact: ExactTest | NotRun
    likelihood: BetweenGroups | Separated | NotRun


def subgroups(studies: Sequence[Study], grouping: str | None, *, glmm: bool = True) -> Subgroups | NotRun:
    """By the column of groups: exact and partially pooled, with `glmm` that model too, and tests between them."""
    if grouping is None:
        return NotRun("the table has no column group or site")
    by_name = grouped(studies, lambda study: study.group or "")
    missing = by_name.pop("", [])
    if not by_name:
        return NotRun(f"no report has a {grouping}")
    if len(by_name) > MOST_LEVELS:
        return NotRun(f"{len(by_name)} groups, more than {MOST_LEVELS}")
    names = sorted(by_name, key=lambda name: (-sum(study.evaluable for study in by_name[name]), name))
    drawn = _partially_pooled([by_name[name] for name in names])
    levels = [_level(name, by_name[name], drawn[i], glmm=glmm) for i, name in enumerate(names)]
    levels += [_level(NOT_REPORTED, missing, NotRun("group not reported"), glmm=glmm)] if missing else []
    totals = [_sums(by_name[name]) for name in names]
    between = _likelihood_test(studies) if glmm else NotRun(NOT_ASKED)
    return Subgroups(grouping, tuple(levels), exact_test(*zip(*totals, strict=True)), between)


def _likelihood_test(studies: Sequence[Study]) -> BetweenGroups | Separated | NotRun:
    known = [(study.responders, study.evaluable, study.group) for study in studies if study.group]
    r, n, groups = zip(*known, strict=True)
    return between_groups(r, n, groups) if len(set(groups)) > 1 else NotRun("there is one group")


def _partially_pooled(groups: Sequence[Sequence[Study]]) -> Sequence[Rate | NotRun]:
    if len(groups) < 2:
        return [NotRun("there is one group")] * len(groups)
    try:
        found = partial_pooling(*zip(*map(_sums, groups), strict=True))
    except ArithmeticError as error:
        return [NotRun(str(error))] * len(groups)
    return [Interval(group.rate.median, group.rate.lower, group.rate.upper) for group in found.groups]


def _level(name: str, studies: Sequence[Study], drawn: Rate | NotRun, *, glmm: bool) -> Part:
    r, n = _sums(studies)
    exact = clopper_pearson(r, n)
    counts = [study.responders for study in studies], [study.evaluable for study in studies]
    models: dict[str, Model | Rate | NotRun] = {
        "exact": Interval(exact.estimate, exact.lower, exact.upper),
        "partially_pooled": drawn,
    }
    if glmm:
        models["glmm"] = glmm_model(*counts) if studies[0].group else NotRun("group not reported")
    return Part(name, len(studies), r, n, models)


def leave_one_out(studies: Sequence[Study], priors: Priors = PRIORS) -> tuple[Part, ...] | NotRun:
    """The pooled rate without each report, in the order of the table; reports alike are fitted once."""
    if len(studies) < 2:
        return NotRun("one report")
    kinds = len({(study.responders, study.evaluable) for study in studies})
    if kinds > MOST_KINDS:
        return NotRun(f"{kinds} kinds of report, more than {MOST_KINDS}")
    r, n = [study.responders for study in studies], [study.evaluable for study in studies]
    first = {kind: i for i, kind in reversed(list(enumerate(zip(r, n, strict=True))))}
    rests = [([*r[:i], *r[i + 1 :]], [*n[:i], *n[i + 1 :]]) for i in first.values()]
    pooled = dict(zip(first, beta_binomial_parts(rests, priors), strict=True))
    return tuple(
        Part(study.id, len(r) - 1, sum(r) - kind[0], sum(n) - kind[1], {"beta-binomial": pooled[kind]})
        for study in studies
        for kind in [(study.responders, study.evaluable)]
    )


def cumulative(studies: Sequence[Study], priors: Priors = PRIORS) -> tuple[Part, ...]:
    """The pooled rate so far: a step a year, undated reports last; without any year, in the order of the table.

    Without years a long table is shown in at most 100 steps, evenly spaced.
    """
    dated = any(study.year is not None for study in studies)
    in_order = sorted(studies, key=lambda study: (study.year is None, study.year or 0)) if dated else list(studies)
    each = steps_joined(studies)
    years = ["undated" if study.year is None else str(study.year) for study in in_order]
    labels = years if dated else [str(i // each) for i in range(len(in_order))]
    r, n = [study.responders for study in in_order], [study.evaluable for study in in_order]
    ends = [i + 1 for i in range(len(r)) if i + 1 == len(r) or labels[i] != labels[i + 1]]
    names = labels if dated else [study.id for study in in_order]
    pooled = beta_binomial_parts([(r[:end], n[:end]) for end in ends], priors)
    return tuple(
        Part(names[end - 1], end, sum(r[:end]), sum(n[:end]), {"beta-binomial": model})
        for end, model in zip(ends, pooled, strict=True)
    )


def steps_joined(studies: Sequence[Study]) -> int:
    """How many reports without a year share a step of `cumulative`; 1: each has its own."""
    dated = any(study.year is not None for study in studies)
    return 1 if dated else -(-len(studies) // MOST_STEPS)


def _sums(studies: Sequence[Study]) -> tuple[int, int]:
    return sum(study.responders for study in studies), sum(study.evaluable for study in studies)
