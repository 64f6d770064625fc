"""reproduce.R: what the headline rests on, worked out again by base R, and ours beside it.

The script reads the tables beside it; only the title, the version and the priors are written into it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from metaimt.files import for_terminal

if TYPE_CHECKING:
    from metaimt.casefiles.protocol import Priors


def r_script(title: str, version: str, priors: Priors) -> str:
    """The script, in ASCII; it ends with status 1 where a number differs by more than its tolerance."""
    text = (files("metaimt.report") / "templates" / "reproduce.R").read_text(encoding="utf-8")
    (a, b), (c, d) = priors.mu, priors.rho
    groups = f"mean_sd = {priors.subgroup_mean_sd!r}, sd_scale = {priors.subgroup_sd_scale!r}"
    told = f"list(mu = c({a!r}, {b!r}), rho = c({c!r}, {d!r}), {groups})"
    text = text.replace('"@PRIORS@"', told)
    return text.replace('"@TITLE@"', r_string(title)).replace('"@VERSION@"', r_string(version))


def r_string(text: str) -> str:
    """`text` as an R string literal: quotes and backslashes escaped, controls visible, other letters as code points."""
    return f'"{"".join(map(_escaped, for_terminal(text)))}"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isascii() else f"\\U{ord(character):08x}"
