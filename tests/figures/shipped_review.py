"""The results of the shipped review, once for all tests of figures."""

from __future__ import annotations

from functools import lru_cache

from conftest import ROOT

import metaimt
from metaimt.analyses.results import Results


@lru_cache(maxsize=1)
def shipped() -> Results:
    """The shipped review, run."""
    return metaimt.run(ROOT / "cases")
