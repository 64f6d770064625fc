"""PRISMA-LSR, the reporting guideline of living systematic reviews: what it asks, and where this review says it.

Source: Akl EA, Khabsa J, Iannizzi C, et al. BMJ 2024;387:e079183, in our own words. Of its table 1 the rows up to item
6 were read, of the others an abstract by the same authors that names them without numbers: those are not `verified`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.flow import flow
from metaimt.analyses.results import Results
from metaimt.analyses.wording import plural
from metaimt.content.section import Section, paragraph, row, section, table
from metaimt.content.sources import last_searches
from metaimt.files import for_terminal
from metaimt.model.text import Code, Link, say
from metaimt.versions.changes import Changes

NOT_STATED: Final = "not stated"
_CHANGES = "CHANGES.md"
_SOURCE = Link("Akl 2024", "https://doi.org/10.1136/bmj-2024-079183")


@dataclass(frozen=True, slots=True)
class PrismaItem:
    """What is asked, in which section and item; `stands` is where this review says it, empty where it does not."""

    section: str
    item: str
    asked: str
    said: str
    stands: str = ""

    @property
    def verified(self) -> bool:
        """Whether number and content were read in the guideline itself."""
        return bool(self.item)


def prisma_items(results: Results, changes: Changes) -> Iterator[PrismaItem]:
    """Every item and element of PRISMA-LSR that is known here, in its order."""
    protocol, living = results.protocol, results.protocol.living
    release = next((each for each in changes.history if each.version == protocol.version), None)
    before = next((each.version for each in changes.history if each.version != protocol.version), None)
    titled = "living" in protocol.title.casefold()
    retired = ("retired" if living.status == "retired" else "does not apply: not retired") if living else NOT_STATED
    every = f"every {plural(living.search_every_months, 'month')}, all sources alike" if living else NOT_STATED
    searched = "; ".join(f"{source}: {said}" for source, said in last_searches(results.library))
    trigger = (release.trigger if release else None) or NOT_STATED
    edited = "changed fields are listed for each version" if changes.history else NOT_STATED
    found = flow(results.library, protocol)
    recorded = NOT_STATED if found.identified is None else "records of this version, and of those before it"
    looks = "limits that hold however often one looks" if results.response.headline.sequence else NOT_STATED
    authors = f"{', '.join(protocol.authors)}; roles {NOT_STATED}" if protocol.authors else NOT_STATED
    listed = f"listed for each version; reasons {NOT_STATED}" if changes.history else NOT_STATED
    for name, item, asked, said, stands in (
        ("title", "1", "Called living in the title", protocol.title if titled else NOT_STATED, "title"),
        ("title", "1", "Version number", protocol.version, "first line of the report"),
        ("abstract", "2", "Whether it is retired after this version", retired, "The answer"),
        ("introduction", "3", "Why the review is living", NOT_STATED, ""),
        ("introduction", "3", "The preceding version", before or "does not apply: none precedes", _CHANGES),
        ("introduction", "4", "Changes of the question, and why", listed, _CHANGES),
        ("methods", "L1", "When each source is to be searched", every, "The answer"),
        ("methods", "L1", "When the further steps are to follow", NOT_STATED, ""),
        ("methods", "L1", "When it is to be retired", (living and living.retire_when) or NOT_STATED, "here"),
        ("methods", "6", "When each source was searched last (PRISMA 2020)", searched or NOT_STATED, "Sources"),
        ("methods", "", "Changes of the methods", listed, _CHANGES),
        ("methods", "", "Methods that the living mode asks for", looks, "tables/over-time.csv"),
        ("methods", "", "Updated data and risk of bias of studies included before", edited, _CHANGES),
        ("results", "", "What triggered this version", trigger, _CHANGES),
        ("results", "", "Search and selection in each version", recorded, "tables/flow.csv"),
        ("results", "", "Changes of the results", listed, _CHANGES),
        ("discussion", "", "Limitations of the living mode", NOT_STATED, ""),
        ("other", "", "Authors and their roles", authors, "tables/datapackage.json"),
    ):
        yield PrismaItem(name, item, asked, for_terminal(said), "" if said == NOT_STATED else stands)


def prisma_section(results: Results, changes: Changes) -> Section:
    """The items as a table, for documents."""
    rows = (
        row(each.section, each.item or "not verified", each.asked, each.said, each.stands)
        for each in prisma_items(results, changes)
    )
    return section(
        "Reporting as a living review",
        paragraph(
            say(
                "Items of PRISMA-LSR ({source}) in our words, and where this review says each. An item whose number "
                "could not be read in the guideline is marked; the guideline may ask more. Also in {file}.",
                source=_SOURCE,
                file=Code("tables/prisma-lsr.csv"),
            )
        ),
        table("PRISMA-LSR", ("section", "item", "asked", "said", "where"), rows),
    )
