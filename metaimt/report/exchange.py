"""The review in formats of others: phenopackets v2, evidence rows with the column names of CIViC, and a data package.

Only what a case file says is written. A gene, drug or tumour has the code that the vocabulary has of it; every other
term is a local label. What a format cannot say, and each term without a verified code, is a row of not-exported.csv:
unit, field, why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Course, Patient
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.shared import Excluded
from metaimt.curation.case_sheet import ARMS, COURSES, WITHOUT, Column, columns, to_cell
from metaimt.evidence.tables import is_responder
from metaimt.files import for_cell, safe_name
from metaimt.report.cells import Row, csv_text, json_text
from metaimt.report.dictionary import about
from metaimt.vocabulary import Vocabulary
from metaimt.vocabulary.codes import systems

NOT_EXPORTED: Final = "not-exported.csv"
_COLUMNS: Final = ("unit", "field", "why")
_LOCAL: Final = "metaimt"
_NO_PLACE: Final = "the format has no field for it, or only a coded one"
_SILENT: Final = {  # of a phenopacket
    *("site_detail", "histology_detail", "disease", "prior_treatment", "ihc", "ihc_pattern", "test_method"),
    *("rearranged", "followup_months"),
}
_SILENT_COURSE: Final = set(Course.model_fields) - {"drug", "response", "stop_reason"}


def phenopacket_files(library: Library) -> dict[str, bytes]:
    """One JSON a patient, and what is not in them."""
    files: dict[str, str] = {}
    missing: list[Row] = []
    for report in library.reports:
        for patient in report.patients:
            name = f"{safe_name(report.id)}_{safe_name(patient.id)}"
            while f"{name}.json".casefold() in {each.casefold() for each in files}:
                name += "_"
            terms = _Terms(library.vocabulary)
            files[f"{name}.json"] = json_text(_packet(report, patient, terms))
            missing += _missing(report, patient)
            missing += (_row(f"{report.id}/{patient.id}", field, why) for field, why in terms.without_code)
        why = "published as counts; a phenopacket is of one patient"
        missing += [_row(f"{report.id}/arm{k}", "arm", why) for k in range(1, len(report.arms) + 1)]
    return _with_missing(files, missing)


def _with_missing(files: Mapping[str, str], missing: Sequence[Row]) -> dict[str, bytes]:
    """The files, and not-exported.csv beside them."""
    texts = {**files, NOT_EXPORTED: csv_text(missing, _COLUMNS)}
    return {name: text.encode("utf-8") for name, text in texts.items()}


def _row(unit: str, field: str, why: str) -> Row:
    return {"unit": unit, "field": field, "why": why}


def _missing(report: CaseFile, patient: Patient) -> Iterator[Row]:
    subject = f"{report.id}/{patient.id}"
    if report.extraction.date is None:
        yield _row(subject, "metaData.created", "required by the format; the file has no date of extraction")
    if patient.age is not None:
        yield _row(subject, "age", "written as age at last encounter; the file does not say when it was")
    yield from (_row(subject, name, _NO_PLACE) for name in sorted(_SILENT) if getattr(patient, name))
    for number, course in enumerate(patient.courses, start=1):
        said = (name for name in sorted(_SILENT_COURSE) if getattr(course, name) not in {None, ()})
        yield from (_row(f"{subject}/course{number}", name, _NO_PLACE) for name in said)


class _Terms:
    """The terms of one packet: which systems have their codes, and which have none."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.systems: set[str] = set()
        self.without: dict[tuple[str, str], None] = {}  # in the order in which they are met, each once

    def id(self, kind: str, word: str) -> str:
        """The code of a term, with its system; a local label where none is verified."""
        code = self.vocabulary.code(kind, word)
        if code is None:
            self.without[kind, word] = None
            return f"{_LOCAL}:{kind}.{safe_name(word)}"
        self.systems.add(code.system)
        return code.curie

    def term(self, kind: str, word: str) -> dict[str, str]:
        """An ontology class."""
        return {"id": self.id(kind, word), "label": word}

    @property
    def without_code(self) -> list[tuple[str, str]]:
        """(field, why) of each term that is written by a local label."""
        return [(kind, f"no code verified for {word}: a local label is written") for kind, word in self.without]

    @property
    def resources(self) -> list[dict[str, str]]:
        """The systems of the codes, and the review itself."""
        own = {"id": _LOCAL, "name": "terms of the review", "namespacePrefix": _LOCAL}
        used = [system for system in systems().values() if system.id in self.systems]
        prefixes = [{"namespacePrefix": each.id, "iriPrefix": each.iri} for each in used]
        named = [{"id": each.id.lower(), "name": each.name, "url": each.url} for each in used]
        return [own, *({**one, **other} for one, other in zip(named, prefixes, strict=True))]


def _packet(report: CaseFile, patient: Patient, terms: _Terms) -> dict[str, Any]:
    subject, sample = f"{report.id}/{patient.id}", f"{report.id}/{patient.id}/tumour"
    disease = terms.term("histology", patient.histology or "not_stated")
    who: dict[str, Any] = {"id": subject, "sex": (patient.sex or "unknown_sex").upper()}
    if patient.age is not None:
        years, months = divmod(round(patient.age * 12), 12)
        who["timeAtLastEncounter"] = {"age": {"iso8601duration": f"P{years}Y" + (f"{months}M" if months else "")}}
    if patient.status is not None:
        who["vitalStatus"] = {"status": {"alive": "ALIVE", "dead": "DECEASED"}[patient.status]}
    site = terms.term("site", patient.site) if patient.site else None
    found = [
        {
            "subjectOrBiosampleId": sample,
            "interpretationStatus": "UNKNOWN_STATUS",
            "variantInterpretation": {
                "variationDescriptor": {
                    "id": f"{subject}/variant{number}",
                    "label": label,
                    "geneContext": {"valueId": terms.id("gene", gene), "symbol": gene},
                }
            },
        }
        for number, (gene, label) in enumerate(_variants(patient), start=1)
    ]
    solved = {"id": f"{subject}/interpretation", "progressStatus": "COMPLETED"}
    diagnosis = {"diagnosis": {"disease": disease, "genomicInterpretations": found}}
    biosample = {"id": sample, "individualId": subject, "histologicalDiagnosis": disease}
    return {
        "id": subject,
        "subject": who,
        "diseases": [{"term": disease, **({"primarySite": site} if site else {})}],
        "biosamples": [{**biosample, **({"sampledTissue": site} if site else {})}],
        **({"interpretations": [{**solved, **diagnosis}]} if found else {}),
        "medicalActions": [_action(course, terms) for course in patient.courses],
        "metaData": _meta(report, terms),
    }


def _variants(patient: Patient) -> Iterator[tuple[str, str]]:
    """(gene, label): the fusion, `PARTNER::KINASE`, of an unknown partner `v::KINASE`, and mutations as printed."""
    if patient.fusion_gene is not None:
        yield patient.fusion_gene, f"{patient.fusion_partner or 'v'}::{patient.fusion_gene}"
    yield from ((each.gene, f"{each.gene} {each.change or 'mutation'}") for each in patient.mutations)


def _action(course: Course, terms: _Terms) -> dict[str, Any]:
    found: dict[str, Any] = {"treatment": {"agent": terms.term("drug", course.drug)}}
    if course.response is not None:
        found["responseToTreatment"] = terms.term("response", course.response)
    if course.stop_reason is not None:
        found["treatmentTerminationReason"] = terms.term("stop_reason", course.stop_reason)
    return found


def _meta(report: CaseFile, terms: _Terms) -> dict[str, Any]:
    one, date = report.report, report.extraction.date
    ids = [f"{kind}:{value}" for kind, value in (("PMID", one.pmid), ("DOI", one.doi)) if value]
    return {
        **({"created": f"{date}T00:00:00Z"} if date else {}),
        "createdBy": report.extraction.by or _LOCAL,
        "resources": terms.resources,
        "phenopacketSchemaVersion": "2.0",
        "externalReferences": [{"id": each, "description": one.title or ""} for each in ids],
    }


def civic_files(library: Library, protocol: Protocol) -> dict[str, bytes]:
    """evidence.tsv, one row a course of one patient whose response can be assessed; and what is not in it."""
    rows: list[Mapping[str, str]] = []
    missing: list[Row] = []
    for report in library.reports:
        for patient in report.patients:
            for number, course in enumerate(patient.courses, start=1):
                unit = f"{report.id}/{patient.id}/course{number}"
                if (why := _no_evidence(report, patient, course, protocol)) is not None:
                    missing.append(_row(unit, "course", why))
                else:
                    rows.append(_evidence(report, patient, course, protocol))
                    missing += _beyond(unit, patient, course)
        why = "counts of several patients: which direction they support is a judgement"
        missing += [_row(f"{report.id}/arm{k}", "arm", why) for k in range(1, len(report.arms) + 1)]
    lines = ["\t".join(CIVIC)]
    lines += ["\t".join(for_cell(" ".join(row[name].split())) for name in CIVIC) for row in rows]
    return _with_missing({"evidence.tsv": "".join(f"{line}\n" for line in lines)}, missing)


CIVIC: Final = (
    *("molecular_profile", "disease", "therapies", "therapy_interaction_type", "evidence_type", "evidence_direction"),
    *("evidence_level", "significance", "evidence_statement", "citation_id", "source_type", "citation"),
)
"""Columns of CIViC's ClinicalEvidenceSummaries.tsv that a case file can fill; ids, ratings and reviews are CIViC's."""


def _no_evidence(report: CaseFile, patient: Patient, course: Course, protocol: Protocol) -> str | None:
    if next(_variants(patient), None) is None:
        return "no fusion or mutation: no molecular profile"
    if report.report.pmid is None:
        return "no PubMed id, which CIViC asks for"
    if course.response is None or is_responder(course.response, course.stop_reason, protocol.outcome) is None:
        return "the response cannot be assessed"
    return None


_EVIDENCE: Final = {"drug", "response", "response_basis", "stop_reason"}


def _beyond(unit: str, patient: Patient, course: Course) -> Iterator[Row]:
    """What an evidence row leaves out of a course that is exported: further variants, and fields without a column."""
    for _, label in list(_variants(patient))[1:]:
        yield _row(unit, label, "a row has one molecular profile; the first variant is written")
    kept = {"id", "courses", "histology", "fusion_gene", "fusion_partner", "mutations"}
    for given, without in ((patient, kept), (course, _EVIDENCE)):
        names = sorted(given.model_fields_set - without)
        yield from (_row(unit, name, "the format has no column for it") for name in names)


def _evidence(report: CaseFile, patient: Patient, course: Course, protocol: Protocol) -> dict[str, str]:
    gene, label = next(_variants(patient))
    drugs = course.drug.split(" + ")
    responded = is_responder(course.response or "", course.stop_reason, protocol.outcome)
    said = f"A patient with {label} was given {course.drug}; best response {course.response}"
    return {
        "molecular_profile": f"{label} Fusion" if gene == patient.fusion_gene else label,
        "disease": patient.histology or "",
        "therapies": ",".join(drugs),
        "therapy_interaction_type": "COMBINATION" if len(drugs) > 1 else "",
        "evidence_type": "PREDICTIVE",
        "evidence_direction": "SUPPORTS" if responded else "DOES_NOT_SUPPORT",
        "evidence_level": "C",
        "significance": "SENSITIVITYRESPONSE",
        "evidence_statement": f"{said} ({course.response_basis or 'basis not stated'}).",
        "citation_id": report.report.pmid or "",
        "source_type": "PubMed",
        "citation": report.report.title or "",
    }


def package_files(library: Library, protocol: Protocol) -> dict[str, bytes]:
    """What the case files say as a Frictionless Data Package: reports, courses, arms, and publications left out."""
    rows: dict[str, list[Row]] = {name: [] for name in ("reports", "courses", "arms", "excluded")}
    missing: list[Row] = []
    known = columns(library.vocabulary)
    own = {name: [c for c in known[sheet] if c.part not in _OF_REPORT] for name, sheet in _SHEETS.items()}
    own["reports"] = [c for c in known[COURSES] if c.part in _OF_REPORT]
    for report in library.reports:
        data = library.report_documents[report.id].data
        missing += [_row(report.id, part, "no table has a place for it") for part in WITHOUT if part in data]
        rows["reports"].append(_table_row(own["reports"], data))
        for patient in data.get("patients", ()):
            for number, course in enumerate(patient["courses"], start=1):
                place: Row = {"report": report.id, "course": number}
                rows["courses"].append(
                    {**place, **_table_row(own["courses"], {"patients": patient, "courses": course})}
                )
        for number, arm in enumerate(data.get("arms", ()), start=1):
            rows["arms"].append({"report": report.id, "arm": number, **_table_row(own["arms"], {"arms": arm})})
    for each in sorted(library.excluded, key=lambda one: one.id):
        said = each.model_dump(mode="json", exclude_defaults=True)
        rows["excluded"].append({name: to_cell(said.get(name, "")) for name in Excluded.model_fields})
    missing += [_row(each.id, "file", f"pending: {each.reason}") for each in library.pending]
    texts = {name: csv_text(each) for name, each in rows.items() if each}
    package = {
        **about(protocol),
        "name": "cases",
        "resources": [_table(name, own.get(name, ()), rows[name][0]) for name in texts],
    }
    files = {f"{name}.csv": text for name, text in texts.items()}
    return _with_missing({**files, "datapackage.json": json_text(package)}, missing)


_OF_REPORT: Final = ("report", "extraction")
_SHEETS: Final = {"courses": COURSES, "arms": ARMS}
_KEYS: Final = {
    "reports": ["id"],
    "courses": ["report", "patient", "course"],
    "arms": ["report", "arm"],
    "excluded": ["id"],
}
_PLACES: Final = {
    "report": ("string", "Id of the report."),
    "course": ("integer", "Number of the course of the patient, in the order given."),
    "arm": ("integer", "Number of the arm in the file."),
}


def _table_row(its: Sequence[Column], data: Mapping[str, Mapping[str, Any]]) -> Row:
    found = ((each, (data.get(each.part) or {}).get(each.field)) for each in its)
    return {each.name: "" if value is None else to_cell(value, each) for each, value in found}


def _table(name: str, its: Sequence[Column], first: Row) -> dict[str, Any]:
    fields = [{"name": key, "type": kind, "description": said} for key, (kind, said) in _PLACES.items() if key in first]
    fields += [_described(each) for each in its] or [
        {"name": key, "type": "string", "description": each.description or ""}
        for key, each in Excluded.model_fields.items()
    ]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""], "primaryKey": _KEYS[name]}
    if name in _SHEETS:
        schema["foreignKeys"] = [{"fields": ["report"], "reference": {"resource": "reports", "fields": ["id"]}}]
    said = {"type": "table", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
    return {"name": name, "path": f"{name}.csv", **said, "schema": schema}


def _described(column: Column) -> dict[str, Any]:
    kinds = column.types
    kind = next(iter(kinds)) if len(kinds) == 1 and kinds <= {"integer", "number", "boolean"} else "string"
    more: dict[str, Any] = {"trueValues": ["true"], "falseValues": ["false"]} if kind == "boolean" else {}
    if column.closed:
        more["constraints"] = {"enum": list(column.terms)}
    form = "" if column.closed or kind != "string" or column.form == "string" else f" Written as {column.form}."
    return {"name": column.name, "type": kind, "description": f"{column.schema['description']}{form}", **more}
