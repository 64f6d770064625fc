"""The problems of a patient table, with row and column; as many as a reader can use are kept, all are counted.

A problem never shows a whole row: only the cell that it is about.
"""

from __future__ import annotations

from metaimt.problem import Position, Problem, Severity

MOST_KEPT = 500


class TableProblems:
    """Collects problems in one table. Rows and columns count from 1, as in a spreadsheet."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.kept: list[Problem] = []
        self.number = 0

    def tell(
        self, rule: str, message: str, hint: str = "", *, row: int = 1, column: int = 1, severity: Severity = "error"
    ) -> None:
        """Add a problem; beyond MOST_KEPT it is only counted."""
        self.number += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append(Problem(self.file, Position(row, column), rule, severity, message, hint))

    def all(self) -> tuple[Problem, ...]:
        """The problems kept, and one that says how many more there are."""
        if self.number == len(self.kept):
            return tuple(self.kept)
        last, more = self.kept[-1], self.number - len(self.kept)
        message = f"{more} more problems of this table are not listed one by one"
        rest = Problem(self.file, last.position, last.rule, "error", message, "mend those above first")
        return (*self.kept, rest)


def cell_name(row: int, column: int) -> str:
    """`C12`: how a spreadsheet names the cell."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
