"""Markdown from templates: every value that a template prints is escaped, so it can neither format nor run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from metaimt.files import for_terminal

if TYPE_CHECKING:
    from jinja2 import Environment

_SPECIAL = re.compile(r"([\\`*_{}\[\]|#~$!])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Rendered(str):
    """Markdown that a template of ours made: printed in another template as it is."""

    __slots__ = ()


def markdown(text: object) -> str:
    """Text that Markdown shows as it is: special characters escaped, line breaks as spaces, controls visible."""
    plain = for_terminal(" ".join(str(text).split()))
    return _SPECIAL.sub(r"\\\1", plain).translate(_ENTITIES)


def render(template: str, content: Mapping[str, Any]) -> Rendered:
    """A template of report/templates with its values escaped; a name that is not in `content` is an error."""
    text = _environment().get_template(template).render(content)
    return Rendered(re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Markdown, not HTML: every value that a template prints passes through `markdown`.
    return Environment(loader=PackageLoader("metaimt.report"), undefined=StrictUndefined, finalize=_printed)  # noqa: S701


def _printed(value: object) -> str:
    return value if isinstance(value, Rendered) else markdown(value)
