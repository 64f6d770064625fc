"""The headline under every combination of the main choices: how far any honest choice moves it.

The choices and their options are those of the protocol (`specification`). After Simonsohn, Simmons and Nelson, Nat Hum
Behav 2020;4:1208, without its joint test: the specifications share their patients, and no p-value is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from statistics import fmean, median
from typing import Any

from metaimt.analyses.alternatives import Rate, alternative, rate_of, side_of, units_by_outcome
from metaimt.analyses.estimate_dicts import interval_dict
from metaimt.analyses.wording import significant
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Choices, Protocol
from metaimt.model.count import Count


@dataclass(frozen=True, slots=True)
class Specification:
    """One combination: choice -> option, counts and estimate; `headline` marks the protocol's own."""

    settings: Mapping[str, str]
    counts: Count
    orr: Rate
    headline: bool

    def to_dict(self) -> dict[str, Any]:
        """Settings, counts and estimate."""
        orr = {"not_identified": "no evaluable patient"} if self.orr is None else interval_dict(self.orr)
        return {"settings": dict(self.settings), **self.counts.to_dict(), "orr": orr, "headline": self.headline}


@dataclass(frozen=True)
class SpecificationGrid:
    """All combinations in the order of the estimate, those with nobody last.

    `lowest`, `middle` (median) and `highest` are of the estimates; `excluding` maps each threshold to the share of
    the intervals that leave it out. All are None or empty where no combination has an evaluable patient.
    """

    pool: str
    specifications: tuple[Specification, ...]
    lowest: float | None
    middle: float | None
    highest: float | None
    excluding: Mapping[float, float]

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json, `specification`."""
        summary = {"lowest": self.lowest, "median": self.middle, "highest": self.highest}
        known = {name: value for name, value in summary.items() if value is not None}
        shares = {f"{threshold:g}": share for threshold, share in self.excluding.items()}
        rows = [specification.to_dict() for specification in self.specifications]
        return {"pool": self.pool, "summary": {**known, "excluding": shares}, "specifications": rows}


def specification_grid(library: Library, protocol: Protocol) -> SpecificationGrid:
    """The first pool of the protocol under every combination; a single one, the headline, if no choices are listed."""
    pool = next(iter(protocol.pools))
    found = sorted(_specifications(library, protocol, pool), key=_order)
    rates = [specification.orr for specification in found if specification.orr is not None]
    estimates = [rate.estimate for rate in rates]
    return SpecificationGrid(
        pool=pool,
        specifications=tuple(found),
        lowest=min(estimates, default=None),
        middle=median(estimates) if estimates else None,
        highest=max(estimates, default=None),
        excluding={t: fmean(side_of(rate, t) != "" for rate in rates) for t in protocol.thresholds if rates},
    )


def _specifications(library: Library, protocol: Protocol, pool: str) -> Iterator[Specification]:
    names, known = tuple(protocol.specification), units_by_outcome(library)
    for options in product(*(axis.items() for axis in protocol.specification.values())):
        settings = dict(zip(names, (option for option, _ in options), strict=True))
        chosen: dict[str, Any] = {}
        for _, choices in options:
            chosen |= {field: getattr(choices, field) for field in choices.model_fields_set}
        members = alternative(library, protocol, Choices().model_copy(update=chosen), known).members[pool]
        said = ", ".join(f"{choice}: {option}" for choice, option in settings.items()) or "as in the protocol"
        counts = Count.of(said, (placed.unit for placed in members))
        yield Specification(settings, counts, rate_of(counts, protocol), headline=not chosen)


def _order(specification: Specification) -> tuple[bool, float, tuple[str, ...]]:
    estimate = significant(specification.orr.estimate) if specification.orr is not None else 0.0
    return specification.orr is None, estimate, tuple(specification.settings.values())
