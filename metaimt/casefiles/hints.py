"""What an author probably meant by a value that a field refuses: the value to type instead.

Nothing is converted silently: each function proposes, and says by what arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import NamedTuple


class Proposal(NamedTuple):
    """`value` as it would be typed after the name of the field, and the hint that holds it."""

    value: str
    hint: str


_UNITS: Mapping[str, str] = {
    "months": "m|mo|mos|mon|mth|mths|month|months|monat|monate|monaten|mois",
    "years": "y|yr|yrs|yo|y/o|years?|years? old|years?-old|jahre?|jahren|ans?",
    "weeks": "w|wk|wks|weeks?|wochen?|semaines?",
    "days": "d|days?|tage?|tagen|jours?",
}
_Factors = Mapping[str, tuple[float, str]]  # unit -> what to multiply by, and how that is said
_IN_MONTHS: _Factors = {
    "months": (1.0, ""),
    "years": (12.0, "* 12"),
    "weeks": (1 / 4.345, "/ 4.345"),
    "days": (1 / 30.44, "/ 30.44"),
}
_IN_YEARS: _Factors = {
    "years": (1.0, ""),
    "months": (1 / 12, "/ 12"),
    "weeks": (1 / 52.18, "/ 52.18"),
    "days": (1 / 365.25, "/ 365.25"),
}
_DIGITS = r"\d+(?:[.,]\d+)?"
_AMOUNT = re.compile(
    r"(?:about|approximately|approx\.?|ca\.?|circa|~|≈)? ?(?P<least>[>≥]|at least|more than|over)? ?"
    rf"(?P<low>-?{_DIGITS}|[.,]\d+)(?: ?(?:-|–|—|to|bis|à) ?(?P<high>{_DIGITS}))?(?P<more> ?\+)?"
    r"[ -]?(?P<unit>[a-z/ -]*?)\.?",
    re.IGNORECASE,
)


def number(text: str) -> Proposal | None:
    """A number without quotes, unit or decimal comma: from text that holds one number only."""
    plain = text.strip()
    if comma := re.fullmatch(r"(-?\d+),(\d{1,2})", plain):
        return Proposal(f"{comma[1]}.{comma[2]}", f"a decimal point: write {comma[1]}.{comma[2]}")
    if re.fullmatch(r"\.\d+", plain):
        return Proposal(f"0{plain}", f"write 0{plain}")
    found = re.findall(r"-?\d+(?:\.\d+)?", plain)
    if len(found) != 1 or "," in plain:
        return None
    digits = re.sub(r"^(-?)0+(?=\d)", r"\1", found[0])
    return Proposal(digits, f"write {digits} without quotes or unit")


def months(text: str) -> Proposal | None:
    """Months from `8mo`, `2 years`; from weeks and days with the divisor."""
    return _time(text, "months", _IN_MONTHS)


def months_or_range(text: str) -> Proposal | None:
    """The same, and [3, 6] from `3-6 months`."""
    return _time(text, "months", _IN_MONTHS, ranges=True)


def years(text: str) -> Proposal | None:
    """Years of age from `34 years`, `10 months`; not from `34 m`, which may be a man of 34."""
    if re.fullmatch(r"[\d.,]+ ?m", text.strip(), re.IGNORECASE):
        return None
    return _time(text, "years", _IN_YEARS)


def _time(text: str, wanted: str, factors: _Factors, *, ranges: bool = False) -> Proposal | None:
    match = _AMOUNT.fullmatch(" ".join(text.split()))
    unit = _unit(match["unit"].strip(" -"), wanted) if match else None
    if match is None or unit is None or (match["high"] and not ranges):
        return None
    factor, arithmetic = factors[unit]
    typed = [part.replace(",", ".") for part in (match["low"], match["high"]) if part]
    plain = [_short(float(part) * factor, exact=not arithmetic) for part in typed]
    value = f"[{', '.join(plain)}]" if match["high"] else plain[0]
    if arithmetic:
        reason = f"{' to '.join(typed)} {unit} {arithmetic} = {' to '.join(plain)} {wanted}: "
        return Proposal(value, f"{reason}write {value}")
    return Proposal(value, _of_same_unit(value, match, ranges=ranges))


def _of_same_unit(value: str, match: re.Match[str], *, ranges: bool) -> str:
    if match["least"] or match["more"]:
        return f"that it is a lower bound goes into extraction.note; write {value}"
    if match["high"]:
        return f"write {value}"
    if "," in match["low"]:
        both = match["low"].replace(",", ", ")
        return f"a decimal point: write {value}" + (f", or [{both}] for a range" if ranges and both[0] != "," else "")
    return f"write {value} without quotes or unit"


def _unit(word: str, wanted: str) -> str | None:
    if not word:
        return wanted
    return next((unit for unit, words in _UNITS.items() if re.fullmatch(words, word, re.IGNORECASE)), None)


def _short(number: float, *, exact: bool) -> str:
    """The number as typed if nothing was computed; else to one decimal, or to one figure if it is small."""
    if exact:
        return f"{number:.10g}"
    return f"{number:.1f}".removesuffix(".0") if number >= 0.05 else f"{number:.1g}"


def flag(text: str) -> Proposal | None:
    """true or false from yes and no."""
    word = text.strip().casefold()
    for value, words in (("true", "true yes y on 1 ja oui"), ("false", "false no n off 0 nein non")):
        if word in words.split():
            return Proposal(value, f"write {value}")
    return None


def doi(text: str) -> Proposal | None:
    """The DOI in an address, or after `doi:`."""
    match = re.search(r"10\.\d{4,9}/\S+", text)
    return _written(match[0].rstrip(".,;")) if match else None


def pmid(text: str) -> Proposal | None:
    """The digits of a PubMed id in an address, or after `PMID:`."""
    match = re.fullmatch(r"\D*?(\d{1,9})/?", text.strip())
    return _written(f'"{match[1]}"') if match and "PMC" not in text.upper() else None


def pmcid(text: str) -> Proposal | None:
    """PMC and digits from an address, from `PMC 123`, or from digits alone."""
    match = re.fullmatch(r"(?:.*?PMC(?:ID)?:?\W{0,2}(?:PMC)?)?(\d{1,9})/?", text.strip(), re.IGNORECASE)
    return _written(f"PMC{match[1]}") if match else None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY, _WORD, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<word>[a-z]{3,9})\.?", r"(?P<year>\d{4})"
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)",
        rf"{_YEAR}[./ -](?P<month>\d{{1,2}})(?:[./ -](?P<day>\d{{1,2}}))?(?:T.*)?",
        rf"(?P<one>\d{{1,2}})[./-] ?(?P<other>\d{{1,2}})[./-] ?{_YEAR}",
        rf"{_DAY}\.?[ -]{_WORD}[ -]{_YEAR}",
        rf"{_WORD} (?:{_DAY},? )?{_YEAR}",
        rf"(?P<month>\d{{1,2}})[./-]{_YEAR}",
    )
]


def day(text: str) -> Proposal | None:
    """Year, month and day in that order from another way to write a date, if it can mean one day only."""
    for pattern in _DATES:
        if match := pattern.fullmatch(text.strip()):
            return _of_parts({name: value for name, value in match.groupdict().items() if value})
    return None


def _of_parts(parts: Mapping[str, str]) -> Proposal | None:
    year, number, month = int(parts["year"]), int(parts.get("day", 0)), int(parts.get("month", 0))
    if "word" in parts:
        month = _MONTHS.index(parts["word"][:3].casefold()) + 1 if parts["word"][:3].casefold() in _MONTHS else 0
    if "one" in parts:
        one, other = int(parts["one"]), int(parts["other"])
        if one <= 12 and other <= 12 and one != other:
            return None  # 11/12/2026: the day comes first in some countries, the month in others
        number, month = max(one, other), min(one, other)
    try:
        found = date(year, month, number or 1)
    except ValueError:
        return None
    return _written(f'"{found:%Y-%m-%d}"' if number else f'"{found:%Y-%m}"')


def _written(value: str) -> Proposal:
    return Proposal(value, f"write {value}")


def fusion(text: str, kinases: Collection[str]) -> tuple[str, str] | None:
    """(kinase, partner) of a whole fusion, such as `RANBP2-ALK`, `EML4::ALK`, `ALK/TPM3 fusion`."""
    plain = re.sub(r"\s+(?:gene )?fusion$", "", text.strip(), flags=re.IGNORECASE)
    names = "|".join(map(re.escape, sorted(kinases, key=len, reverse=True)))
    between = r"\s*(?:::|[-–/: ])\s*"
    last, first = rf"(?P<partner>[\w-]+?){between}(?P<gene>{names})", rf"(?P<gene>{names}){between}(?P<partner>[\w-]+)"
    for pattern in (last, first):
        if match := re.fullmatch(pattern, plain, re.IGNORECASE):
            return match["gene"].upper(), match["partner"].upper()
    return None


def marker(text: str, *, flags: bool) -> str | None:
    """`{ALK: positive}` from `ALK+`, `ALK positive`; with `flags` `{ALK: true}`, for a rearrangement."""
    status = r"\+|pos(?:itive)?|-|neg(?:ative)?|rearranged"
    match = re.fullmatch(rf"([a-z](?:[\w-]*?\w)?)(?:[ :(]*|-(?=[pn]))({status})?\)?", text.strip(), re.IGNORECASE)
    if match is None or (match[2] is None and not flags):
        return None
    positive = (match[2] or "+").casefold() not in {"-", "neg", "negative"}
    words = ("true", "false") if flags else ("positive", "negative")
    return f"{{{match[1]}: {words[0 if positive else 1]}}}"


_OF_FIELD: Mapping[str, Callable[[str], Proposal | None]] = {"doi": doi, "pmid": pmid, "pmcid": pmcid, "date": day}


def quoted_line(line: str) -> str:
    """`title: "Tumour: a case"` from a line that YAML refuses because of the second colon; else nothing."""
    match = re.fullmatch(r"\s*(?:- )?(\w+): +([^\"'\[{|>&*!%@`\s].*(?:: | #).*?)\s*", line)
    if match is None:
        return ""
    field, text = match[1], match[2]
    if field in _OF_FIELD and (proposal := _OF_FIELD[field](text)) is not None:
        return f"{field}: {proposal.value}"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}: "{escaped}"'
