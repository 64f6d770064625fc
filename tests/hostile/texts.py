"""Long made-up texts for each reader of text: many records, and one field filled with what may hold a reader up."""

from __future__ import annotations

import json
from collections.abc import Iterator

RECORDS = {
    "RIS": "TY  - JOUR\nAU  - Specimen, A.\nTI  - Made up\nPY  - 2020\nDO  - 10.1000/x\nER  - \n",
    "NBIB": "PMID- 1\nTI  - Made up\nAU  - Specimen A\nDP  - 2020\nLID - 10.1000/x [doi]\n\n",
    "BibTeX": "@article{a, title={Made up}, author={Specimen, A. and Otherone, C}, year=2020}\n",
    ".enw": "%0 Journal Article\n%A Specimen, A.\n%T Made up\n%D 2020\n",
}
FIELDS = {
    "RIS": ("AU", "TI", "DO", "N1", "UR", "PY", "AN", "M3", "C7"),
    "NBIB": ("AU", "FAU", "TI", "LID", "GN", "DP", "SO", "PMC"),
    "BibTeX": ("title", "author", "doi", "note", "url", "year"),
    ".enw": ("A", "T", "R", "U", "Z", "D", "1", "M"),
    "CSL-JSON": ("title", "DOI", "note", "URL", "PMID", "issued"),
    "EndNote XML": ("title", "notes", "electronic-resource-num"),
    "CSV": ("Title",),
}
REPEATED = (
    *(" ", "a", "1", "é", "\n", "(", "{", "}", '"', ",", ";", "-", "\\'", "<", "&amp;", "%25", "et al", "and "),
    *("10.1000/", "doi:10.1000/x ", "PMID: 1 ", "PMC1 ", "[doi]", "https://doi.org/", "A. ", "\n      ", "\n\n"),
)
IN_CASES = (
    *(" ", "a", "1", "-", "≥", " fusion", "fusion ", "RANBP2-ALK ", "EML4::", "partial response, ", "no ", "CR "),
    *("reduced by 48% ", "from 3 cm to 2 cm ", "12 months of crizotinib ", "10 of ", "P.R. ", "after ", "smith-2020 "),
)
CASE = """# Made up.
report: {{id: example-2020, title: A made-up case, year: 2020, design: case_report, doi: 10.1000/x}}
extraction: {{depth: full_text, by: reader-1, date: "2026-11-23"}}
patients:
  - id: P1
    site: lung
    courses: [{{drug: crizotinib, response: PR, {}: {}}}]
"""


def references(length: int) -> Iterator[tuple[str, str]]:
    """(kind, text) of files of references, each about `length` characters long."""
    for name, record in RECORDS.items():
        yield f"{name}, many records", record * (length // len(record))
    for name, fields in FIELDS.items():
        for field in fields:
            for sign in REPEATED:
                yield f"{name} {field} {sign!r}", _one(name, field, sign * (length // len(sign)))


def _one(name: str, field: str, value: str) -> str:
    if name == "CSL-JSON":
        return json.dumps([{field: value}])
    inside = value.replace("<", "&lt;") if name == "EndNote XML" else value
    return {
        "RIS": f"TY  - JOUR\n{field}  - {inside}\nER  - \n",
        "NBIB": f"PMID- 1\n{field:4}- {inside}\n",
        "BibTeX": f"@article{{a, {field}={{{inside}}}}}\n",
        ".enw": f"%0 Journal Article\n%{field} {inside}\n",
        "CSV": f'"Title","Authors","DOI"\n"{inside}","b","c"\n',
        "EndNote XML": f"<xml><records><record><{field}>{inside}</{field}></record></records></xml>",
    }[name]


def cases(length: int) -> Iterator[tuple[str, str]]:
    """(kind, text) of case files, each about `length` characters long."""
    for field in ("response_as_stated", "dose", "duration_months", "stop_reason"):
        for sign in IN_CASES:
            yield (
                f"case, {field} {sign!r}",
                CASE.format(field, json.dumps(sign * (length // len(sign)), ensure_ascii=False)),
            )
    patient = CASE[CASE.index("  - id") :].format("dose", "x")
    for name, repeated in {
        "patients": patient,
        "fields": "    x{}: 1\n",
        "list": "    x: [{}]\n",
        "same field": "    sex: male\n",
    }.items():
        more = "".join(repeated.replace("P1", f"P{k}").replace("{}", str(k)) for k in range(2, length // len(repeated)))
        yield f"case, many: {name}", CASE.format("dose", "x") + more
    yield "case, one long list", CASE.format("dose", "[" + "1," * (length // 2) + "1]")
