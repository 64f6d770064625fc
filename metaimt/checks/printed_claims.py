"""The claims of a report by the quantity they are about, and how a claim is written in a message."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.casefiles.claims import Claim
from metaimt.casefiles.model import CaseFile
from metaimt.statistics.printed_numbers import counts_that_print_as


class Quantities:
    """The claims of one report, by name, in file order."""

    def __init__(self, case: CaseFile) -> None:
        self._by_name: dict[str, list[tuple[int, Claim]]] = {}
        self._places = {id(claim): k for k, claim in enumerate(case.claims)}
        for k, claim in enumerate(case.claims):
            self._by_name.setdefault(claim.name, []).append((k, claim))
        printed = (number for claim in case.claims for number in (claim.n, claim.of) if number is not None)
        self.largest = max(printed, default=0)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def named(self, name: str) -> list[tuple[int, Claim]]:
        """The claims about a quantity, with their places in the file; empty if there is none."""
        return self._by_name.get(name, [])

    def place(self, claim: Claim) -> int:
        """The place of a claim among the claims of the file, from 0."""
        return self._places[id(claim)]

    def first(self, name: str) -> Claim | None:
        """The first claim about a quantity that tells its count."""
        return next((claim for _, claim in self.named(name) if count_range(claim) is not None), None)

    def count(self, name: str) -> tuple[int, int] | None:
        """The least and the largest count that the first telling claim leaves open; None if no claim tells one."""
        claim = self.first(name)
        return None if claim is None else count_range(claim)


def count_range(claim: Claim) -> tuple[int, int] | None:
    """The printed count, or the counts that its percentage of the denominator allows; None if neither is there."""
    if claim.n is not None:
        return claim.n, claim.n
    if claim.percent is None or not claim.of or claim.survival is not None:
        return None
    counts = counts_that_print_as(typed(claim.percent), claim.of)
    return (counts[0], counts[-1]) if counts else None


def typed(number: object) -> str:
    """A number with the digits as typed: 31.0 stays 31.0."""
    return str(getattr(number, "typed", number))


def printed_text(claim: Claim) -> str:
    """What is printed: `6/15 (45.5 %)`, `36`, `24.1 %`, `50.14 years`."""
    if claim.printed is not None:
        return claim.printed
    number = "" if claim.n is None else str(claim.n)
    if number and claim.of is not None:
        number += f"/{claim.of}"
    percent = "" if claim.percent is None else f"{typed(claim.percent)} %"
    value = "" if claim.value is None else " ".join(filter(None, (typed(claim.value), claim.unit)))
    if percent and not number and claim.of is not None:
        percent += f" of {claim.of}"
    return (f"{number} ({percent})" if number and percent else number or percent) or value


def where_text(claim: Claim | None) -> str:
    """`section 3.1`, `discussion`, or that the place is not given."""
    if claim is None or claim.where is None:
        return "place not given"
    return f"section {claim.where}" if claim.where[:1].isdigit() else claim.where
