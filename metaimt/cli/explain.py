"""`metaimt explain`: why a rule exists, with an example of what it refuses and of what it accepts.

The texts are read when the command runs, not when it is defined.
"""

from __future__ import annotations

import re
from typing import Annotated

import typer

from metaimt.cli.folder import complete_rules
from metaimt.cli.output import told
from metaimt.problem import WrongUse


def plain_id(typed: str) -> str:
    """The id in `error[unknown-site]`, as messages write it."""
    match = re.fullmatch(r"(?:error|warning|info)\[([a-z0-9-]+)\]", typed.strip())
    return match[1] if match else typed


@told
def explain(
    rule: Annotated[
        str | None,
        typer.Argument(
            metavar="[RULE]",
            help="Id of a rule, as in error[unknown-site]; default: list all.",
            autocompletion=complete_rules,
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print all rules as a page: docs/rules.md.")] = False,
) -> None:
    """Explain a rule of `metaimt validate`: why it is asked, and an example; without RULE, list all rules."""
    from metaimt.checks.waivers import explanation_of, explanation_text, rule_list, rules_page

    if markdown and rule is not None:
        raise WrongUse("--markdown prints all rules; leave out the rule, or --markdown")
    if markdown:
        print(rules_page(), end="")
    else:
        print(rule_list() if rule is None else explanation_text(explanation_of(plain_id(rule))))
