"""reproduce.R: the models of tables/methods.csv fitted again by metafor and lme4, and ours beside them.

The script reads the tables beside it; only the title and the version are written into it.
"""

from __future__ import annotations

from importlib.resources import files

from metaimt.files import for_terminal


def r_script(title: str, version: str) -> str:
    """The script, in ASCII; it ends with status 1 where a number differs by more than its tolerance."""
    text = (files("metaimt.report") / "templates" / "reproduce.R").read_text(encoding="utf-8")
    return text.replace('"@TITLE@"', r_string(title)).replace('"@VERSION@"', r_string(version))


def r_string(text: str) -> str:
    """`text` as an R string literal: quotes and backslashes escaped, controls visible, other letters as code points."""
    return f'"{"".join(map(_escaped, for_terminal(text)))}"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isascii() else f"\\U{ord(character):08x}"
