"""How far the readers of the publications agree: a line, a table of fields, and where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metaimt.analyses.agreement import Agreement, FieldAgreement, Pair
from metaimt.analyses.wording import plural, rounded_percent
from metaimt.content.section import Column, Row, Section, Table, documents_only, items, paragraph, row, section, table
from metaimt.model.text import Code, Named, Text, joined, say
from metaimt.statistics.outcome import NotIdentified

_FIRST = ("response", "histology", "disease")
TITLE = "Agreement of two readers"


def agreement_line(found: Iterable[Agreement]) -> Text:
    """`Second reading by reader-2 of 65 publications: response agrees in 62 of 68 ..., kappa 0.86 (0.76 to 0.97)`."""
    said = []
    for each in found:
        fields = {one.field: one for one in each.fields if one.each != "arm"}
        told = joined([_told(fields[name]) for name in _FIRST if name in fields], "; ")
        said.append(
            say(
                "Read again by {who}, {n}: {told}.",
                who=each.reader,
                n=plural(each.publications, "publication"),
                told=told,
            )
        )
    return joined(said, " ")


def _told(found: FieldAgreement) -> Text:
    return say(
        "{field} agrees in {agreed} of {compared}, kappa {kappa}",
        field=_name(found),
        agreed=found.agreed,
        compared=len(found.pairs),
        kappa=found.kappa.wording(),
    )


def agreement_section(found: tuple[Agreement, ...]) -> list[Section]:
    """The table of fields; documents list every disagreement with both places."""
    return [_section(each) for each in found]


def _section(found: Agreement) -> Section:
    explained = say(
        "Reader {who} against the case files. A field of a patient is compared once a patient, of a course once a "
        "course. What a reader left out is a category of its own; under “both”, the same where both gave a value. "
        "Kappa is what agreement is beyond chance (Cohen); where nearly all values are one, it is low for little.",
        who=found.reader,
    )
    alone = [Text(Named(f"Described by one of the two only: {', '.join(found.not_matched)}."))]
    return section(
        TITLE,
        agreement_table(found),
        paragraph(explained, small=True),
        items(alone if found.not_matched else []),
        documents_only(
            section(
                "Where they differ", disagreement_table(found), paragraph("In full: ", Code("tables/disagreements.csv"))
            )
        ),
        id="agreement",
    )


def agreement_table(found: Agreement) -> tuple[Table, ...]:
    """A field a line."""
    columns = (
        *("field", Column("agree", "number"), Column("kappa", "number"), Column("95 %", "interval")),
        *(Column("most frequent", "number"), Column("both", "number")),
    )
    return table(f"{TITLE}: {found.reader}", columns, map(_row, found.fields))


def _row(found: FieldAgreement) -> Row:
    n, kappa, most = len(found.pairs), found.kappa, found.most
    return row(
        _name(found),
        f"{found.agreed}/{n} ({rounded_percent(found.agreed / n)} %)",
        *(("–", "") if isinstance(kappa, NotIdentified) else (f"{kappa.estimate:.2f}", kappa.limits())),
        "–" if isinstance(most, NotIdentified) else f"{most.value.replace('_', ' ')} {rounded_percent(most.share)} %",
        f"{sum(pair.agree for pair in found.stated)}/{len(found.stated)}",
    )


def disagreement_table(found: Agreement) -> tuple[Table, ...]:
    """Both values side by side, each with its file and line."""
    rows = [
        row(pair.unit, _name(each), f"{pair.first} ({pair.first_at})", f"{pair.second} ({pair.second_at})")
        for each, pair in _differing(found)
    ]
    return table(f"Where they differ: {found.reader}", ("unit", "field", "case file", "second reading"), rows)


def difference_lines(found: Agreement) -> Iterator[str]:
    """The same for a terminal: what it is of, then a line a reader."""
    for each, pair in _differing(found):
        yield f"{_name(each)}, {pair.unit}"
        for value, at in ((pair.first, pair.first_at), (pair.second, pair.second_at)):
            yield f"  {value:<14} {at}"


def _differing(found: Agreement) -> Iterator[tuple[FieldAgreement, Pair]]:
    return ((each, pair) for each in found.fields for pair in each.pairs if not pair.agree)


def _name(found: FieldAgreement) -> str:
    name = found.field.removesuffix("_months").replace("_", " ")
    return f"arm: {name}" if found.each == "arm" else name
