"""Rules on one arm: its counts.

Paths start at the arm.
"""

from __future__ import annotations

from collections.abc import Iterable

from metaimt.casefiles.model import Arm
from metaimt.checks.rule import FINE, Finding, Rule, rule, rules_in

MOST_IN_AN_ARM = 200
"""Ten times the largest arm of the review that metaimt ships (16 evaluable), and twice its largest cohort (74)."""


@rule("count-below-zero", about="arm")
def counts_not_negative(arm: Arm) -> Iterable[Finding]:
    """A count of patients is 0 or more."""
    for name in ("evaluable", "responders", "treated", "cr", "pr", "sd", "pd"):
        value = getattr(arm, name)
        if value is not None and value < 0:
            yield (name,), f"{name}: {value} is below 0", "write 0 or more"


@rule("responders-exceed-evaluable", about="arm")
def responders_within_evaluable(arm: Arm) -> Iterable[Finding]:
    """Responders are among the evaluable."""
    responders, evaluable = arm.counts
    if responders <= evaluable:
        return FINE
    message = f"{responders} responders of {evaluable} evaluable patients"
    hint = "responders are among the evaluable: check both counts against the source"
    return [(("responders",), message, hint)]


@rule("cr-pr-not-responders", about="arm")
def cr_and_pr_are_responders(arm: Arm) -> Iterable[Finding]:
    """Responders are those with CR or PR; either may be missing, but neither may be too many."""
    total = (arm.cr or 0) + (arm.pr or 0)
    if arm.responders is None or total == arm.responders or (total < arm.responders and None in (arm.cr, arm.pr)):
        return FINE
    message = f"cr {arm.cr or 0} + pr {arm.pr or 0} is {total}, but responders is {arm.responders}"
    return [(("responders",), message, "correct the wrong one, or leave out the count that is not printed")]


@rule("counts-exceed-evaluable", about="arm")
def counts_within_evaluable(arm: Arm) -> Iterable[Finding]:
    """All best responses together are at most the evaluable."""
    responders, evaluable = arm.counts
    total = max(responders, (arm.cr or 0) + (arm.pr or 0)) + (arm.sd or 0) + (arm.pd or 0)
    if arm.evaluable is None or total <= evaluable or responders > evaluable:
        return FINE
    message = f"responders, sd and pd add up to {total} of {evaluable} evaluable patients"
    hint = "check each count against the source, or leave out the one that is not printed"
    return [(("evaluable",), message, hint)]


@rule("categories-below-evaluable", "warning", about="arm")
def categories_are_all(arm: Arm) -> Iterable[Finding]:
    """Each evaluable patient has one best response; four printed categories that miss some raise a question."""
    if arm.evaluable is None or arm.cr is None or arm.pr is None or arm.sd is None or arm.pd is None:
        return FINE
    total = arm.cr + arm.pr + arm.sd + arm.pd
    if total >= arm.evaluable:
        return FINE
    message = f"cr, pr, sd and pd add up to {total} of {arm.evaluable} evaluable patients"
    hint = f"write evaluable: {total} if the others could not be assessed, or leave out a count that is not printed"
    return [(("evaluable",), message, hint)]


@rule("counts-exceed-treated", about="arm")
def counts_within_treated(arm: Arm) -> Iterable[Finding]:
    """Who was assessed was treated, and who is still in response is among those in whom it is known."""
    hint = "check both counts against the source, or leave out the one that is not printed"
    for name in ("evaluable", "responders"):
        value = getattr(arm, name)
        if arm.treated is not None and value is not None and value > arm.treated >= 0:
            yield ("treated",), f"{value} {name} of {arm.treated} treated patients", hint
            break
    known, place = arm.in_response_at_12_months, ("in_response_at_12_months",)
    if known is None:
        return
    largest = max((count for count in (arm.treated, arm.evaluable) if count is not None), default=known.of)
    if not 0 <= known.n <= known.of:
        yield place, f"in_response_at_12_months: {known.n} of {known.of} patients", hint
    elif known.of > largest:
        yield place, f"in_response_at_12_months of {known.of} patients, but the arm has {largest}", hint


@rule("implausible-count", "warning", about="arm")
def counts_are_those_of_a_rare_tumour(arm: Arm) -> Iterable[Finding]:
    """More patients of a rare tumour on one drug than any study has had: mostly a digit too many."""
    for name in ("evaluable", "treated", "responders"):
        value = getattr(arm, name)
        if value is not None and value > MOST_IN_AN_ARM:
            hint = "check it against the source; if it is so, waive this with the reason"
            return [((name,), f"{name}: {value} is more than {MOST_IN_AN_ARM} patients of a rare tumour", hint)]
    return FINE


@rule("uncounted-arm", "info", about="arm")
def arms_have_a_denominator(arm: Arm) -> Iterable[Finding]:
    """Without the number of evaluable patients an arm is in no pool."""
    if arm.evaluable is not None:
        return FINE
    place = ("treated",) if arm.treated is not None else ("responders",)
    return [(place, "no evaluable: the arm is in no pool", "add evaluable if the source prints it")]


ARM_RULES: tuple[Rule, ...] = rules_in(globals())
