"""What a clinician asks next, as content of the report and the page, and as rows for CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metaimt.analyses.clinical import Answer, ClinicalQuestions
from metaimt.analyses.results import Results
from metaimt.report.cells import Row
from metaimt.report.linked import Link, plain
from metaimt.report.wording import percent


def clinical_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """The answers of the widest pool: a row a group, a cell a question."""
    found = list(results.clinical.values())[-1]
    questions = [each.question for each in found.answers["", ""]]
    rows = [
        {"group": level or "all", "grouping": grouping, "cells": [_cell(each, link) for each in answers]}
        for (grouping, level), answers in found.answers.items()
    ]
    return {"label": results.protocol.label(found.pool), "questions": questions, "rows": rows}


def _cell(found: Answer, link: Link) -> str:
    """`5, known for 40 of 40`; with a rate where enough is known."""
    yes, known, asked = (len(each.parts) for each in (found.yes, found.known, found.asked))
    said = f"{link(str(yes), found.yes)}, known for {link(f'{known} of {asked}', found.known)}"
    return said if found.rate is None else f"{said} ({percent(found.rate)})"


def clinical_rows(found: Mapping[str, ClinicalQuestions]) -> Iterator[Row]:
    """A pool, group and question a line."""
    for pool, questions in found.items():
        for (grouping, level), answers in questions.answers.items():
            for each in answers:
                yield {
                    "pool": pool,
                    "grouping": grouping,
                    "level": level,
                    "question": each.question,
                    "yes": len(each.yes.parts),
                    "known": len(each.known.parts),
                    "of": len(each.asked.parts),
                }
