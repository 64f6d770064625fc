"""The outputs for other programs: Word, Excel, R, reference managers. Each holds what the other outputs hold.

reproduce.R: what the headline rests on, worked out again by base R, and ours beside it.

The script reads the tables beside it; only the title, the version and the priors are written into it.

references.ris and references.bib: the included publications, for reference managers and manuscripts.

Only what the case files state; an author list that ends in "et al." stays cut short and says so. Sources: the RIS
format of Research Information Systems; Patashnik, BibTeXing, 1988.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.casefiles.model import CaseFile, Publication
from metaimt.content.answer import front, limits_of
from metaimt.content.headline import HeadlineRow, headline_rows
from metaimt.content.methods import conditions
from metaimt.content.review import review_sections
from metaimt.content.sources import last_search
from metaimt.files import for_terminal, one_line
from metaimt.model.publication import authors
from metaimt.report.figures import pictures
from metaimt.report.workbook import Front, Line
from metaimt.statistics.outcome import NotRun

if TYPE_CHECKING:
    from metaimt.casefiles.protocol import Priors
    from metaimt.report.figures import FigureFiles
    from metaimt.versions.changes import Changes


def r_script(title: str, version: str, priors: Priors) -> str:
    """The script, in ASCII; it ends with status 1 where a number differs by more than its tolerance."""
    text = (files("metaimt.report") / "templates" / "reproduce.R").read_text(encoding="utf-8")
    (a, b), (c, d) = priors.mu, priors.rho
    groups = f"mean_sd = {priors.subgroup_mean_sd!r}, sd_scale = {priors.subgroup_sd_scale!r}"
    told = f"list(mu = c({a!r}, {b!r}), rho = c({c!r}, {d!r}), {groups})"
    text = text.replace('"@PRIORS@"', told)
    return text.replace('"@TITLE@"', r_string(title)).replace('"@VERSION@"', r_string(version))


def r_string(text: str) -> str:
    """`text` as an R string literal: quotes and backslashes escaped, controls visible, other letters as code points."""
    return f'"{"".join(map(_escaped, for_terminal(text)))}"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isascii() else f"\\U{ord(character):08x}"


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_VERBATIM = {"\\": "%5C", "{": "%7B", "}": "%7D"}


def ris_text(reports: Iterable[CaseFile]) -> str:
    """All reports in RIS, one record each; the report's id is the record's ID."""
    return "\n".join("".join(f"{tag}  - {value}\n" for tag, value in _ris_lines(one.report)) for one in reports)


def bibtex_text(reports: Iterable[CaseFile]) -> str:
    """All reports in BibTeX; the keys are the reports' ids."""
    return "\n".join(map(_bibtex_entry, (one.report for one in reports)))


def author_names(text: str | None) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """((family name, initials) of each author, whether more follow); an institution has no initials, some a suffix."""
    names, more = authors(one_line(text or ""))
    return tuple((one.family, one.initials, *([one.suffix] if one.suffix else [])) for one in names), more


def _ris_lines(one: Publication) -> Iterator[tuple[str, str]]:
    names, more = author_names(one.authors)
    yield "TY", "JOUR" if one.journal else "GEN"
    yield "ID", one.id
    yield from (("AU", ", ".join(part for part in name if part)) for name in names)
    if more:
        yield "N1", "Authors are cut short here: et al."
    identified = {"TI": one.title, "T2": one.journal, "PY": one.year, "DO": one.doi, "C2": one.pmcid, "UR": one.url}
    yield from ((tag, one_line(value)) for tag, value in identified.items() if value)
    if one.pmid:
        yield "AN", one.pmid
        yield "DB", "PubMed"
    yield "ER", ""


def _bibtex_entry(one: Publication) -> str:
    names, more = author_names(one.authors)
    people = [_bibtex_name(*name) for name in names] + (["others"] if more else [])
    fields = {
        "author": " and ".join(people),
        "title": f"{{{_latex(one.title)}}}" if one.title else "",
        "journal": _latex(one.journal or ""),
        "year": str(one.year or ""),
        "doi": _verbatim(one.doi or ""),
        "pmid": one.pmid or "",
        "pmcid": one.pmcid or "",
        "url": _verbatim(one.url or ""),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{'article' if one.journal else 'misc'}{{{one.id},\n{lines}}}\n"


def _bibtex_name(family: str, initials: str, suffix: str = "") -> str:
    """A family name of several words, and an institution, is kept together in braces."""
    if not initials:
        return f"{{{_latex(family)}}}"
    kept = f"{{{_latex(family)}}}" if " " in family else _latex(family)
    return ", ".join([kept, *([suffix] if suffix else []), " ".join(f"{letter}." for letter in initials)])


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in one_line(text))


def _verbatim(text: str) -> str:
    """An address: BibTeX and hyperref take it as it is, but braces must balance."""
    return "".join(_VERBATIM.get(character, character) for character in one_line(text))


def workbook_front(results: Results) -> Front:
    """The first sheet of tables.xlsx: the rows of the headline table, what its words mean, and the limits."""

    protocol, response = results.protocol, results.response
    words = [
        (protocol.label(name), f"{conditions(pool, protocol)}; each patient once.")
        for name, pool in protocol.pools.items()
    ]
    words += [
        ("evaluable", "patients whose response to their first kinase inhibitor is known, as of one course each."),
        ("r/n", "responders (complete or partial response) of the evaluable patients."),
        ("rate", "the mean over reports, or r/n where the last column says exact; from and to: its 95 % interval."),
    ]
    lines = tuple(_line_of(each) for each in headline_rows(response) if not isinstance(each.rate, NotRun))
    searched = last_search(results.library.searches)
    return Front(
        protocol.title,
        protocol.question,
        f"Version {protocol.version}. Last search: {searched}.",
        lines,
        tuple(words),
        tuple(map(str, limits_of(results))),
    )


def _line_of(found: HeadlineRow) -> Line:

    below, rate, counts = found.kind not in {"pool", "row"}, found.rate, found.counts
    label = f"– {found.label}" if below else found.label
    line = Line(label, method=found.method(short=True) or (found.percentage if rate is None else ""))
    if found.fraction:
        line = replace(line, responders=counts.responders, evaluable=counts.evaluable, reports=counts.reports)
    if rate is not None and not isinstance(rate, NotRun):
        line = replace(line, rate=rate.estimate, lower=rate.lower, upper=rate.upper)
    return line


EXPORTS: Final = ("report.docx", "tables.xlsx", "reproduce.R", "references.ris", "references.bib")


def export_makers(
    results: Results, figures: Sequence[FigureFiles], files: Mapping[str, bytes], changes: Changes
) -> dict[str, Callable[[], bytes]]:
    """Name -> what makes its content, for each of EXPORTS; the one that takes longest first.

    files: the outputs so far, from which they are made.
    """
    protocol = results.protocol

    def word() -> bytes:
        """The report as a document."""
        from metaimt.render.word import About, word_bytes

        about = About(protocol.title, protocol.version, protocol.authors)
        return word_bytes(about, front(results), review_sections(results, changes).values(), pictures(figures))

    def excel() -> bytes:
        """The tables as a workbook."""
        from metaimt.report.workbook import workbook_bytes

        csvs = (name for name in files if name.startswith("tables/") and name.endswith(".csv"))
        return workbook_bytes(workbook_front(results), {name: files[name].decode("utf-8") for name in csvs})

    word_file, excel_file, r_file, ris_file, bib_file = EXPORTS
    return {
        word_file: word,
        excel_file: excel,
        r_file: lambda: r_script(protocol.title, protocol.version, protocol.priors).encode("utf-8"),
        ris_file: lambda: ris_text(results.library.reports).encode("utf-8"),
        bib_file: lambda: bibtex_text(results.library.reports).encode("utf-8"),
    }
