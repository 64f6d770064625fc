"""Nothing in reference.json is passed over: each kind of entry is compared in a named test, or the README says why not.

A pattern is a path through the file with `*` for any one name and {a,b} for either; it holds for all that is below it.
Lists count as one entry. That a test names the keys it compares is as much as can be seen from outside; that the
numbers agree is for that test to show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "reference"
README = (REFERENCE / "README.md").read_text(encoding="utf-8")
DATA: dict[str, Any] = json.loads((REFERENCE / "reference.json").read_text(encoding="utf-8"))

RMA = "b se ci tau2 Q Q_p I2 H2 p p_ci"
GLMM = (
    "mu tau2 logLik logLik_tau0 LRT_tau0 p_LRT_tau0_chibar tau2_identifiable p_median ci_profile p_marginal_mean "
    "tau_ci_profile"
)
BINOM = "clopper_pearson wilson jeffreys_boundary_fixed"
FIRTH = "beta se se_augmented penalised_logLik ci_profile p_profile"
COX = "terms coef se loglik ci_lo ci_hi n zph"
INVERSE, GROUPS, CURVES = "test_inverse_variance.py", "test_groups_against_r.py", "test_survival.py"
COMPARED: list[tuple[str, str, str]] = [
    ("sets.*.binom_pooled", BINOM, "test_proportion.py"),
    ("sets.*.binom_pooled", "likelihood_ratio", GROUPS),
    ("sets.*.binom_each", BINOM, "test_proportion.py"),
    ("sets.*.escalc.{PR,PLO,PAS,PFT}", "yi vi", "test_effect_sizes.py"),
    ("sets.*.rma.{PR,PLO,PAS,PFT}.{FE,DL,HE,ML,REML}", RMA, INVERSE),
    ("sets.*.rma_PLO_REML_knha", RMA, INVERSE),
    ("sets.*.rma_PLO_REML_adhoc", RMA, INVERSE),
    ("sets.*.rma_PLO_DL_knha", RMA, INVERSE),
    ("sets.*.qprofile.{PLO,PFT,PAS}", "tau2 ub_null", INVERSE),
    ("sets.*.rma_glmm.nAGQ7", "b tau2", "test_glmm.py"),
    ("sets.*.lme4.nAGQ25", "b tau2", "test_glmm.py"),
    ("sets.*.exact_bn", GLMM, "test_glmm.py"),
    ("sets.*.subgroup.per_group.*.exact_bn", GLMM, "test_glmm.py"),
    ("sets.*.beta_binomial", "mean rho logLik ci_profile rho_identifiable", "test_betabinomial.py"),
    ("sets.*.vgam_betabinomial", "mu rho logLik", "test_betabinomial.py"),
    ("sets.*.bias.peters_prop", "slope se t p df", "test_small_study.py"),
    ("sets.*.bias.lm_ninv", "stat p est dfs", "test_small_study.py"),
    ("sets.*.bias.ranktest", "tau p", "test_small_study.py"),
    ("sets.*.leave1out.PLO_REML", "estimate se tau2 Q I2", INVERSE),
    ("sets.*.leave1out.PLO_DL", "estimate se tau2 Q", INVERSE),
    ("sets.*.leave1out.exact_bn", "b tau2 p", "test_glmm_subsets.py"),
    ("sets.*.leave1out.binom", "clopper_pearson wilson p", GROUPS),
    ("sets.*.cumulative.PLO_DL", "estimate se tau2", INVERSE),
    ("sets.*.cumulative.exact_bn", "b tau2 p", "test_glmm_subsets.py"),
    ("sets.*.cumulative.binom", "clopper_pearson wilson p", GROUPS),
    ("sets.*.subgroup", "fisher_p", "test_exact_tests.py"),
    ("sets.*.subgroup.per_group.*.binom", f"{BINOM} p", GROUPS),
    ("sets.*.subgroup.per_group.*.PLO_DL", RMA, GROUPS),
    ("sets.*.subgroup.per_group.*.PLO_REML", RMA, GROUPS),
    ("sets.*.subgroup.Qb_FE", "QM df p", GROUPS),
    ("sets.*.subgroup.Qb_RE_separate_tau2_DL", "Q df p", GROUPS),
    ("sets.*.subgroup.Qb_RE_separate_tau2_REML", "Q df p", GROUPS),
    ("sets.*.subgroup.glmm_exact", "beta tau2 logLik logLik0 LRT df p", "test_glmm_subsets.py"),
    ("sets.*.{subgroup,metareg}.firth", FIRTH, "test_firth.py"),
    ("sets.*.{subgroup,metareg}.firth.penalised_LRT_all_slopes", "chisq df p", "test_firth.py"),
    (
        "sets.*.subgroup.shrinkage.bhm",
        "mu_mean tau_mean log_marginal p_group_mean p_group_median p_group_lo p_group_hi p_new",
        "test_partial_pooling.py",
    ),
    ("survival.*", "n events reverse_km_median_loglog", CURVES),
    ("survival.*.km.log-log", "median", CURVES),
    ("survival.*.km.log-log.q25_75", "q lo hi", CURVES),
    ("survival.*.km.log-log.at", "time surv se lo hi n_risk", CURVES),
    ("survival.*.km_curve", "time n_risk n_event surv greenwood_se", CURVES),
    ("survival.*.by_group", "table", CURVES),
    ("survival.*.logrank", "chisq df p obs exp", CURVES),
    ("survival.*.{cox_efron,cox_breslow}", COX, CURVES),
    ("survival.km_special.*", "reverse_median", CURVES),
    ("survival.km_special.*.loglog", "median time surv lower upper", CURVES),
]
# The data, what R called things, and why it has no answer: nothing to compare.
INPUTS = [
    "sets.*.{source,xi,ni,group,order}",
    "sets.*.{binom_pooled,leave1out.binom,cumulative.binom,subgroup.per_group.*.binom,subgroup.shrinkage}.{x,n}",
    "sets.*.binom_pooled.p",  # r/n
    "sets.*.bias.{peters_prop.note,peters_prop.error,lm_ninv.error}",
    "sets.*.{exact_bn,subgroup.per_group.*.exact_bn}.tau",  # the root of tau2
    "sets.*.cumulative.order_1based",
    "sets.*.subgroup.{levels,shrinkage.levels,shrinkage.bhm.prior,shrinkage.bhm.accuracy,per_group.*.k}",
    "sets.*.metareg.{moderator,values}",
    "sets.*.{subgroup,metareg}.firth.colnames",
    "sets.*.{exact_bn,beta_binomial,vgam_betabinomial,rma_glmm.*,lme4.*}.error",
    "sets.*.{leave1out.exact_bn,cumulative.exact_bn,subgroup.glmm_exact,subgroup.per_group.*.exact_bn}.error",
    "survival.*.{time,event,group,covariates,by_group.levels}",
    "survival.km_special.*.{time,event}",
]


def entries(found: Any, path: str) -> Iterator[str]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from entries(value, f"{path}.{key}")
    elif isinstance(found, list) and found and isinstance(found[0], dict):
        for value in found:
            yield from entries(value, path)
    elif found is not None:
        yield path


@cache
def alternatives(pattern: str) -> tuple[str, ...]:
    if (braces := re.search(r"\{([^{}]*)\}", pattern)) is None:
        return (pattern,)
    before, after = pattern[: braces.start()], pattern[braces.end() :]
    return tuple(one for choice in braces[1].split(",") for one in alternatives(f"{before}{choice}{after}"))


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """Matches a path that the pattern holds for, from its start on."""
    either = "|".join(re.escape(one).replace(r"\*", "[^.]*") for one in alternatives(pattern))
    return re.compile(rf"(?:{either})(?:\.|$)")


def covers(pattern: str, path: str) -> bool:
    return expression(pattern).match(path) is not None


ALL = sorted({path for part in ("sets", "survival") for path in entries(DATA[part], part)})
COMPARED_PATTERNS = [f"{parent}.{leaf}" for parent, leaves, _ in COMPARED for leaf in leaves.split()]
NOT_COMPARED = [
    pattern
    for row in README.partition("## What is not compared")[2].splitlines()
    if row.startswith("| `")
    for pattern in re.findall(r"`([^`]+)`", row.split(" | ")[0])
]


def test_every_entry_is_compared_or_listed() -> None:
    known = [*COMPARED_PATTERNS, *NOT_COMPARED, *INPUTS]
    assert len(ALL) > 5000
    assert [path for path in ALL if not any(covers(pattern, path) for pattern in known)] == []


def test_no_entry_is_both() -> None:
    both = [p for p in ALL if any(covers(a, p) for a in COMPARED_PATTERNS) and any(covers(b, p) for b in NOT_COMPARED)]
    assert both == []


def test_every_pattern_is_of_something() -> None:
    each = [one for pattern in (*COMPARED_PATTERNS, *NOT_COMPARED, *INPUTS) for one in alternatives(pattern)]
    assert [one for one in each if not any(covers(one, path) for path in ALL)] == []


def test_a_test_names_what_it_compares() -> None:
    silent = []
    for parent, leaves, file in COMPARED:
        text = (HERE / file).read_text(encoding="utf-8")
        last = next(part for part in reversed(parent.split(".")) if part != "*")
        names = {*alternatives(last)} - {"sets", "survival"}
        silent += [
            (file, name) for name in (*names, *leaves.split()) if not re.search(rf"[\"'_]{re.escape(name)}\b", text)
        ]
    assert silent == []


def test_every_row_of_the_readme_has_a_reason() -> None:
    rows = [row for row in README.splitlines() if row.startswith("| `")]
    assert all(row.rstrip(" |").split(" | ")[-1].strip() for row in rows)
    assert len(NOT_COMPARED) > 15
