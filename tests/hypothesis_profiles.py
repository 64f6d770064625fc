"""How many examples Hypothesis draws: few and always the same by default, many and new ones in the nightly run.

HYPOTHESIS_PROFILE chooses: `quick` or `nightly`. A pytest plugin, so that the profile holds for every test.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

_MORE: Final = 10
"""Times as many examples in the nightly run."""
_PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE", "quick")

settings.register_profile("quick", max_examples=50, derandomize=True, deadline=None)
settings.register_profile("nightly", max_examples=50 * _MORE, derandomize=False, deadline=None, print_blob=True)
settings.load_profile(_PROFILE)


def examples(usual: int, nightly: int | None = None) -> settings:
    """For a test whose examples are dear, or that needs many: `usual` of them by default."""
    return settings(max_examples=(nightly or usual * _MORE) if _PROFILE == "nightly" else usual)
