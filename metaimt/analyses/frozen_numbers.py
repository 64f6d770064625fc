"""The numbers that a version of the review freezes: a fixed part of results.json, recomputed in a few seconds.

They are the pools with strata and separate rows, the breakdowns, the heterogeneity of each pool, and the sensitivity
analyses. `left_out` is not among them: a version holds the analysis set itself.
"""

from __future__ import annotations

from typing import Any

from metaimt.analyses.breakdown import breakdown
from metaimt.analyses.heterogeneity import heterogeneity
from metaimt.analyses.pooled_response import PooledResponse
from metaimt.analyses.sensitivity import sensitivity
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection


def frozen_numbers(
    library: Library, protocol: Protocol, selection: Selection, response: PooledResponse
) -> dict[str, Any]:
    """The numbers in the form of results.json."""
    pooled = response.to_dict()
    by = {
        name: {pool: breakdown(selection, pool, name).to_dict() for pool in response.pools}
        for name in protocol.subgroups
    }
    return {
        **{name: pooled[name] for name in ("title", "headline", "local", "not_in_headline")},
        **{kind: {name: _without_units(group) for name, group in pooled[kind].items()} for kind in ("pools", "rows")},
        "by": by,
        "heterogeneity": {name: heterogeneity(group, protocol).to_dict() for name, group in response.pools.items()},
        "sensitivity": sensitivity(library, protocol, selection).to_dict(),
    }


def _without_units(group: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in group.items() if name != "left_out"}
    return {**kept, "strata": {name: _without_units(stratum) for name, stratum in group["strata"].items()}}
