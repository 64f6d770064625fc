"""Screening: the sheet of a person, and the labels of ASReview, Covidence and Rayyan as decisions.

Sources: ASReview LAB, "Export data" and its RIS reader (`asreview_label`, in version 1 `included`; ASReview_relevant
and ASReview_irrelevant in N1); exports of Rayyan in public repositories (RAYYAN-INCLUSION in the notes). Covidence
exports tags and notes with each of its lists, by its help; that no column has the decision could not be verified, so
that whoever reads a list says which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from metaimt.casefiles.records import EXCLUDE, INCLUDE, LATER, Decision, Record, Standing
from metaimt.curation.reference import Reference
from metaimt.curation.search_records import Index, identity_of
from metaimt.problem import WrongUse

_RAYYAN = re.compile(r"RAYYAN-INCLUSION:\s*\{(.*?)\}")
_VOTE = re.compile(r'"([^"]+)"\s*=>\s*"(Included|Excluded|Maybe)"')
_REASONS = re.compile(r"RAYYAN-EXCLUSION-REASONS:\s*([^|]*)")
_VOTES = {"Included": INCLUDE, "Excluded": EXCLUDE, "Maybe": LATER}
_ASREVIEW = re.compile(
    r"\bASReview_(relevant|irrelevant)\b|^(?:asreview_label|label_included|included)=([01])(?:\.0)?$"
)


@dataclass(frozen=True)
class Taken:
    """A sheet with the labels of an export; how many were taken, and the titles of references that are no record."""

    lines: tuple[Decision, ...]
    taken: int
    unknown: tuple[str, ...]


def sheet_of(standing: Standing, person: str) -> tuple[Decision, ...]:
    """The sheet of a person: every line of it, and an open one for each record that nobody has read or decided."""
    mine = {one.id: one for one in standing.sheets.get(person, ())}
    waiting = [record for record in standing.unique if standing.is_open(record)]
    lines = {record.id: Decision(record.id, record.title, record.year) for record in waiting} | mine
    return tuple(lines[name] for name in sorted(lines))


def labelled(
    standing: Standing,
    person: str,
    references: Iterable[Reference],
    *,
    every: str | None,
    reasons: Sequence[str],
    names: Sequence[str],
) -> Taken:
    """The sheet with the decisions of an export; `every`: what a file without labels is a list of.

    A line that is decided stays. `names`: how the export may call the person. Raises WrongUse where it names others.
    """
    lines = {one.id: one for one in sheet_of(standing, person)}
    index = Index()
    main = {record.id: record.duplicate_of or record.id for record in standing.records}
    for record in standing.records:
        index.add(record.id, identity_of(record))
    unknown, taken = [], 0
    for reference in references:
        decided = Decision("", "", "", every) if every else decision_in(reference.labels, reasons, names)
        found = list(dict.fromkeys(main[name] for name in index.same(reference.identity)))
        if len(found) != 1:
            unknown.append(reference.shown)
        elif decided is not None and found[0] in lines and not lines[found[0]].decision:
            at = found[0]
            lines[at] = replace(lines[at], decision=decided.decision, reason=decided.reason, note=decided.note)
            taken += 1
    return Taken(tuple(lines.values()), taken, tuple(unknown))


def decision_in(labels: Iterable[str], reasons: Sequence[str], names: Sequence[str]) -> Decision | None:
    """The decision that labels tell; None where they tell none. A reason that is not in the list goes into the note."""
    for label in labels:
        if match := _ASREVIEW.search(label):
            return Decision("", "", "", INCLUDE if match[1] == "relevant" or match[2] == "1" else EXCLUDE)
        if match := _RAYYAN.search(label):
            votes = dict(_VOTE.findall(match[1]))
            vote = _vote(votes, names)
            told = (_REASONS.search(label) or ["", ""])[1].strip() if vote == EXCLUDE else ""
            known = next((reason for reason in reasons if reason.casefold() == told.casefold()), "")
            return Decision("", "", "", vote, known, "" if known else told) if vote else None
    return None


def _vote(votes: Mapping[str, str], names: Sequence[str]) -> str:
    """The vote of the person; of an export with one name, that one."""
    wanted = {name.casefold() for name in names}
    mine = [vote for name, vote in votes.items() if name.casefold() in wanted]
    if not mine and len(votes) > 1:
        raise WrongUse(f"the export has the votes of {', '.join(sorted(votes))}; give one of these names to --by")
    return _VOTES[mine[0] if mine else next(iter(votes.values()))] if votes else ""


def reference_of(record: Record) -> Reference:
    """A record as the reference that a case file begins with."""
    author = identity_of(record).author
    return Reference(
        title=record.title or None,
        authors=record.authors or None,
        surname=author or None,
        journal=record.journal or None,
        year=int(record.year) if record.year.isdecimal() else None,
        doi=record.doi or None,
        pmid=record.pmid or None,
    )
