"""metaimt: a living meta-analysis of published cases of kinase-inhibitor treatment in a rare tumour.

The public verbs stand here: `open` a review or a version of it, `pool` any counts; `read` a review folder, `check` it,
`run` the analysis, `draw` its forest plot, `build` its outputs. Each is imported when first used, so that
`import metaimt` costs nothing. docs/api.md shows them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = ["__version__", "build", "check", "draw", "open", "pool", "read", "run"]

if TYPE_CHECKING:
    from metaimt.api import open_review as open
    from metaimt.api import pool
    from metaimt.casefiles.library import read_library as read
    from metaimt.checks import check_library as check
    from metaimt.review import build, draw, run

_HOMES = {
    "open": ("metaimt.api", "open_review"),
    "pool": ("metaimt.api", "pool"),
    "read": ("metaimt.casefiles.library", "read_library"),
    "check": ("metaimt.checks", "check_library"),
    "run": ("metaimt.review", "run"),
    "draw": ("metaimt.review", "draw"),
    "build": ("metaimt.review", "build"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'metaimt' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
