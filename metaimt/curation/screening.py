"""Screening: the sheet of a person, and the labels of ASReview, Covidence and Rayyan as decisions.

Sources, read in November 2026: ASReview, asreview/data/base.py (the columns that it takes for a label) and ris.py
(ASReview_relevant, ASReview_irrelevant and ASReview_not_seen in N1); Rayyan, exports and scripts that read them in
eight public repositories (RAYYAN-INCLUSION, RAYYAN-EXCLUSION-REASONS, divided by commas, in the column notes, in N1 and
in the note of BibTeX). Covidence, scripts that read its lists: Covidence #, Study, Notes and Tags, and none of them a
column with the decision, so that whoever reads a list says which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from metaimt.casefiles.records import EXCLUDE, INCLUDE, LATER, Decision, Record, Standing
from metaimt.curation.new_case import identity_of
from metaimt.curation.reference import Reference
from metaimt.curation.reference_formats import ASREVIEW_LABELS
from metaimt.curation.search_records import Index
from metaimt.problem import WrongUse

_RAYYAN = re.compile(r"RAYYAN-INCLUSION:\s*\{(.*?)\}")
_VOTE = re.compile(r'"([^"]+)"\s*(?:=>|:)\s*"(Included|Excluded|Maybe)"')
_REASONS = re.compile(r"RAYYAN-EXCLUSION-REASONS:\s*([^|]*)")
_VOTES = {"Included": INCLUDE, "Excluded": EXCLUDE, "Maybe": LATER}
_ASREVIEW = re.compile(rf"\bASReview_(relevant|irrelevant)\b|^(?:{'|'.join(ASREVIEW_LABELS)})=([01])(?:\.0)?$")


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
    index = Index((record.id, identity_of(record)) for record in standing.records)
    main = {record.id: record.duplicate_of or record.id for record in standing.records}
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
            said = (_REASONS.search(label) or ["", ""])[1] if vote == EXCLUDE else ""
            told = [reason for reason in map(str.strip, said.split(",")) if reason]
            known = {reason.casefold(): reason for reason in reasons}
            first = next((one for one in told if one.casefold() in known), "")
            note = ", ".join(one for one in told if one != first)
            return Decision("", "", "", vote, known.get(first.casefold(), ""), note) if vote else None
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
