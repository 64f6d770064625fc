"""What PubMed knows of the publications of a library: ids that the ID Converter has not, retractions, corrections.

The E-utilities of NCBI (https://www.ncbi.nlm.nih.gov/books/NBK25501/; at most three requests a second): esearch finds a
DOI or the words of a title, esummary tells title, first author, year, ids, publication types and notices. An id is
taken where a DOI says so, or title, first author and year are the same; any other is told, and never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metaimt.curation.complete import BATCH, Found, Notice, Record, checked, json_of
from metaimt.curation.fetch import Source, answer
from metaimt.curation.search_records import verdict
from metaimt.model.publication import IDENTIFIERS, Identity, identity, key_of

_EUTILS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
_SAID = "tool=metaimt&db=pubmed&retmode=json"
_MOST = 5  # publications looked at for one title
ESEARCH = Source(
    "term", "METAIMT_ESEARCH_URL", f"{_EUTILS}/esearch.fcgi?{_SAID}&retmax={_MOST}&term=", "application/json"
)
ESUMMARY = Source("id", "METAIMT_ESUMMARY_URL", f"{_EUTILS}/esummary.fcgi?{_SAID}&id=", "application/json")
_KINDS = {  # references of a summary, by what they are called there
    "Retraction in": "retraction",
    "Partial retraction in": "retraction",
    "Expression of concern in": "expression_of_concern",
    "Erratum in": "correction",
    "Corrected and republished in": "correction",
}
_ITSELF = ("Retraction of Publication", "Published Erratum", "Expression of Concern")


@dataclass(frozen=True, slots=True)
class Perhaps:
    """A publication of PubMed that may be one of the library: nobody can tell, and nothing is written."""

    record: Record
    pmid: str
    title: str
    why: str


def look_up(record: Record) -> Iterator[Found | Perhaps]:
    """The ids of a publication that has no PubMed id; or what may be it. Raises WrongUse for what the network does."""
    term = _term(record)
    if "pmid" in record.known or not term:
        return
    searched = json_of(answer(ESEARCH, term), "PubMed").get("esearchresult")
    listed = searched.get("idlist") if isinstance(searched, dict) else None
    ids = [checked("pmid", each) for each in listed[:_MOST]] if isinstance(listed, list) else []
    found = {pmid: _identity(summary) for pmid, summary in _summaries([pmid for pmid in ids if pmid])}
    judged = {pmid: verdict(record.identity, theirs) for pmid, (theirs, _) in found.items()}
    sure = [pmid for pmid, (same, _) in judged.items() if same]
    if len(sure) == 1:
        theirs, _ = found[sure[0]]
        for field in IDENTIFIERS:
            digits, written = getattr(theirs, field), record.known.get(field, "")
            value = checked(field, f"PMC{digits}" if field == "pmcid" and digits else digits)
            if value and key_of(field, written) != key_of(field, value):
                yield Found(record, field, value, written)
        return
    for pmid, (same, why) in judged.items():
        if same or why:
            told = why or f"PubMed has {' and '.join(sure)} of it"
            yield Perhaps(record, pmid, found[pmid][1], told)


def _term(record: Record) -> str:
    """What is searched for: the DOI, else the words of the title and the first author; '' if neither is known."""
    if doi := record.known.get("doi"):
        return f"{doi}[aid]"
    words, author = record.identity.words, record.identity.author
    if not words:
        return ""
    return f"{words}[ti] AND {author}[au]" if author.isascii() and author else f"{words}[ti]"


def _summaries(pmids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for start in range(0, len(pmids), BATCH):
        batch = pmids[start : start + BATCH]
        result = json_of(answer(ESUMMARY, ",".join(batch)), "PubMed").get("result")
        for pmid in batch:
            summary = result.get(pmid) if isinstance(result, dict) else None
            if isinstance(summary, dict) and "error" not in summary:
                yield pmid, summary


def _identity(summary: Mapping[str, Any]) -> tuple[Identity, str]:
    """What a summary is compared by, and its title as printed."""
    ids = _dicts(summary.get("articleids"))
    named = {str(each.get("idtype")): str(each.get("value") or "") for each in ids}
    title = str(summary.get("title") or "")
    whose = identity(
        doi=named.get("doi"),
        pmid=str(summary.get("uid") or named.get("pubmed") or ""),
        pmcid=named.get("pmc"),
        title=title,
        authors=str(summary.get("sortfirstauthor") or ""),
        journal=str(summary.get("source") or ""),
        year=str(summary.get("pubdate") or "")[:4],
    )
    return whose, title


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def pubmed_notices(records: Sequence[Record]) -> Iterator[Notice | tuple[Record, str]]:
    """What PubMed knows to retract or correct a publication and the file does not tell.

    (record, type) where the publication is itself such a notice. Raises WrongUse for what the network does.
    """
    by_pmid = {record.known["pmid"]: record for record in records if "pmid" in record.known}
    for pmid, summary in _summaries(list(by_pmid)):
        record, types = by_pmid[pmid], summary.get("pubtype")
        types = types if isinstance(types, list) else []
        yield from ((record, kind) for kind in _ITSELF if kind in types)
        kinds = {_KINDS.get(str(each.get("reftype")), "") for each in _dicts(summary.get("references"))}
        kinds |= {"retraction"} if "Retracted Publication" in types else set()
        told = {each.get("kind") for each in record.notices}
        yield from (Notice(record, kind, "", "") for kind in sorted(kinds - {"", *told}))
