"""What an author probably meant by a value that a field refuses: the value to type instead.

Nothing is converted silently: each function proposes, and says by what arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from metaimt.model.publication import plain_doi
from metaimt.vocabulary import Terms, is_not_stated, response_words

LEFT_OUT = "delete the line: what is not stated is left out"


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
# Other names for a field of months or years; only such as mean exactly the same.
_SAME_TIME = {
    "treatmentduration": "duration",
    "durationoftreatment": "duration",
    "timeontreatment": "duration",
    "dor": "responseduration",
    "durationofresponse": "responseduration",
    "progressionfreesurvival": "pfs",
}
_ONE_NUMBER = frozenset(("followup_months", "months"))
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
_ABOUT = r"(?:about|around|approximately|approx\.?|appr\.?|ca\.?|c\.|circa|roughly|nearly|almost|some|etwa|env\.?|~|≈)"
_AT_LEAST = r"(?:>=|[>≥]|at least|more than|over|longer than|min\.?|minimum|not less than|mindestens|über)"
_AT_MOST = r"(?:<=|[<≤]|at most|less than|under|up to|no more than|not more than|shorter than|fewer than|below|max\.?)"
_BOUND = rf"(?:(?P<about>{_ABOUT})|(?P<least>{_AT_LEAST})|(?P<most>{_AT_MOST}))"
_AMOUNT = re.compile(
    rf"(?:{_BOUND} ?)?(?P<low>-?{_DIGITS}|[.,]\d+)(?: ?(?:-|–|—|to|bis|à) ?(?P<high>{_DIGITS}))?"
    r"(?: ?(?P<more>\+|or more|or longer|or less))?[ -]?(?P<unit>[a-z/ -]*?)\.?(?P<after> ?(?:\+|or more|or longer))?",
    re.IGNORECASE,
)
_IN_MM = {"mm": 1, "cm": 10}
_LENGTH = re.compile(rf"({_DIGITS}) ?(mm|cm|)", re.IGNORECASE)
_COUNT = re.compile(
    rf"(?:n ?= ?)?(?:{_BOUND} ?)?(?P<low>-?\d+(?:\.\d+)?)(?P<more> ?\+)?(?P<words>(?: [a-z]+){{0,3}})", re.I
)
# After a number these say that it is not simply the number: "3 of", "12 or 13".
_CHANGES = frozenset(("of", "or", "out", "to", "per", "from", "in", "among", "and", "not", "percent", "but", "less"))
_OLD = r"(?: ?years?)?"
_AGE_RANGE = re.compile(
    r"(?:in )?(?:(?:his|her|their|the|early|mid|late)[ -])*(?:\d0'?s|\w{1,20} decade)"
    rf"|{_DIGITS} ?(?:-|–|—|to|bis) ?{_DIGITS}{_OLD}|(?:{_AT_LEAST}|{_AT_MOST}) ?{_DIGITS}{_OLD}|{_DIGITS} ?\+",
    re.IGNORECASE,
)


def number(text: str) -> Proposal | None:
    """A number without quotes, unit or decimal comma: from text that holds one number and says nothing else of it."""
    plain = " ".join(text.split())
    if comma := re.fullmatch(r"(-?\d+),(\d{1,2})", plain):
        return Proposal(f"{comma[1]}.{comma[2]}", f"a decimal point: write {comma[1]}.{comma[2]}")
    if re.fullmatch(r"\.\d+", plain):
        return Proposal(f"0{plain}", f"write 0{plain}")
    match = _COUNT.fullmatch(plain)
    words = match["words"].casefold().split() if match else []
    if match is None or match["most"] or _CHANGES.intersection(words) or any(_unit(word, "") for word in words):
        return None
    digits = re.sub(r"^(-?)0+(?=\d)", r"\1", match["low"])
    if kept := _to_be_kept(match):
        return Proposal(digits, f"write {digits}, and that it is {kept} in extraction.note")
    return Proposal(digits, f"write {digits} without quotes or unit")


def sizes(typed: Sequence[object]) -> Proposal | str:
    """Two sizes in the unit of the first, from `8.7 cm` and `75 mm`; no proposal where a unit is missing or unknown."""
    matches = [_LENGTH.fullmatch(" ".join(str(getattr(size, "typed", size)).split())) for size in typed]
    found = [(float(match[1].replace(",", ".")), match[2].casefold()) for match in matches if match]
    units = [unit for _, unit in found]
    if len(found) != len(typed) or (len(set(units)) > 1 and not all(units)):
        return "write two numbers in the same unit, without the unit: [8.7, 7.5]"
    plain = [f"{number * _IN_MM.get(unit, 1) / _IN_MM.get(units[0], 1):g}" for number, unit in found]
    value = f"[{', '.join(plain)}]"
    said = f"in {units[0]}: " if len(set(units)) > 1 else ""
    return Proposal(value, f"{said}write {value}")


def _to_be_kept(match: re.Match[str]) -> str:
    """What the words beside a number say of it, for extraction.note."""
    found = match.groupdict()
    if found["about"]:
        return "approximate"
    return "a lower bound" if found["least"] or found["more"] or found.get("after") else ""


def months(text: str) -> Proposal | str | None:
    """Months from `8mo`, `2 years`; from weeks and days with the divisor."""
    return _time(text, "months", _IN_MONTHS)


def months_or_range(text: str) -> Proposal | str | None:
    """The same, and [3, 6] from `3-6 months`."""
    return _time(text, "months", _IN_MONTHS, ranges=True)


def years(text: str) -> Proposal | str | None:
    """Years of age from `34 years`, `10 months`; not from `34 m`, which may be a man of 34."""
    plain = " ".join(text.split())
    if re.fullmatch(r"[\d.,]+ ?m", plain, re.IGNORECASE):
        return None
    if _AGE_RANGE.fullmatch(plain):
        return f"the age itself is not stated: delete the line, and keep '{plain}' in extraction.note"
    return _time(text, "years", _IN_YEARS)


def _time(text: str, wanted: str, factors: _Factors, *, ranges: bool = False) -> Proposal | str | None:
    match = _AMOUNT.fullmatch(" ".join(text.split()))
    unit = _unit(match["unit"].strip(" -"), wanted) if match else None
    if match is None or unit is None or (match["high"] and not ranges):
        return None
    factor, arithmetic = factors[unit]
    typed = [part.replace(",", ".") for part in (match["low"], match["high"]) if part]
    plain = [_short(float(part) * factor, exact=not arithmetic) for part in typed]
    value = f"[{', '.join(plain)}]" if match["high"] else plain[0]
    computed = f"{' to '.join(typed)} {unit} {arithmetic} = {' to '.join(plain)} {wanted}: " if arithmetic else ""
    if match["most"] or (match["more"] or "").strip() == "or less":
        below = f"[0, {plain[-1]}]"
        if ranges:
            return Proposal(below, f"{computed}an upper bound: write {below}")
        return f"{computed}an upper bound is no number: keep it in extraction.note and delete the line"
    if kept := _to_be_kept(match):
        return Proposal(value, computed + _kept(value, kept, ranges=ranges))
    if computed:
        return Proposal(value, f"{computed}write {value}")
    return Proposal(value, _of_same_unit(value, match, ranges=ranges))


def _kept(value: str, kept: str, *, ranges: bool) -> str:
    """A bound or an approximation stays one: as a range, as a drug still taken, or in words."""
    if kept == "a lower bound" and ranges:
        return (
            f"ongoing or censored: write {value}, with ongoing: true if the drug was still being taken; else that it "
            "is a lower bound goes into extraction.note"
        )
    note = f"write {value}, and that it is {kept} in extraction.note"
    return f"approximate: write a range such as [low, high] if the source allows one; else {note}" if ranges else note


def _of_same_unit(value: str, match: re.Match[str], *, ranges: bool) -> str:
    if match["high"]:
        return f"write {value}"
    if "," in match["low"]:
        both = match["low"].replace(",", ", ")
        return f"a decimal point: write {value}" + (f", or [{both}] for a range" if ranges and both[0] != "," else "")
    return f"write {value} without quotes or unit"


def of_renamed_field(name: str, value: object, fields: Collection[str]) -> str:
    """The hint on a field that is named after another unit, as `duration_weeks`, or after none, as `duration`.

    The number goes with its unit: in the new field it would be another length of time.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z])(?=(?:days|weeks|months|years)$)", "_", name).casefold()
    parts = [part for part in re.split(r"[\W_]+", apart) if part and part != "in"]
    named = [unit for part in parts if (unit := _unit(part, ""))]
    base = "".join(part for part in parts if not _unit(part, ""))
    base = _SAME_TIME.get(base, base)
    by_base = {field.removesuffix("months").replace("_", ""): field for field in fields if field.endswith("months")}
    by_base |= {field.replace("_", ""): field for field in fields if field.split("_")[-1] == "age"}
    field = by_base.get(base)
    if field is None or len(named) > 1 or "".join(parts) == field.replace("_", ""):
        return ""
    if is_not_stated(str(value)):
        return LEFT_OUT
    wanted = "months" if field.endswith("months") else "years"
    typed = f"{value[0]}-{value[1]}" if isinstance(value, list) and len(value) == 2 else str(value)
    with_unit = bool(re.search(r"[a-z]", re.sub(rf"^{_BOUND}", "", typed.strip()), re.IGNORECASE))
    if with_unit == bool(named):  # no unit, or two that may disagree
        return f"the field is {field}, in {wanted}"
    found = _time(
        typed if with_unit else f"{typed} {named[0]}",
        wanted,
        _IN_MONTHS if wanted == "months" else _IN_YEARS,
        ranges=field not in _ONE_NUMBER,
    )
    if not isinstance(found, Proposal):
        return f"the field is {field}, in {wanted}" + (f": {found}" if found else "")
    return found.hint.replace(f"write {found.value}", f"write {field}: {found.value}", 1).removesuffix(
        " without quotes or unit"
    )


def _unit(word: str, wanted: str) -> str | None:
    if not word:
        return wanted
    return next((unit for unit, words in _UNITS.items() if re.fullmatch(words, word, re.IGNORECASE)), None)


def _short(number: float, *, exact: bool) -> str:
    """The number as typed if nothing was computed; else to one decimal, or to two figures below one."""
    if exact:
        return f"{number:.10g}"
    return f"{number:.1f}".removesuffix(".0") if number >= 1 else f"{number:.2g}"


def flag(text: str) -> Proposal | None:
    """true or false from yes and no."""
    word = text.strip().casefold()
    for value, words in (("true", "true yes y on 1 ja oui"), ("false", "false no n off 0 nein non")):
        if word in words.split():
            return Proposal(value, f"write {value}")
    return None


def doi(text: str) -> Proposal | None:
    """The DOI in an address, after `doi:`, percent-encoded, or at the end of a sentence."""
    plain = plain_doi(text)
    return _written(plain) if plain else None


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


_WORDS_GO = "the words of the source go into response_as_stated"


def _written(value: str) -> Proposal:
    return Proposal(value, f"write {value}")


def response(text: str, terms: Terms, nearest: str | None) -> Proposal | str:
    """The category that the typed words are, or else what to ask of the source: never a category that they are not."""
    said = response_words.said(text, terms, typed=True)
    plain = {mention.kind for mention in said.mentions} <= {"response"} and not said.prints_one
    if category := said.category or (nearest if plain else None):
        code = text.replace(".", "").strip().upper() == category
        return Proposal(category, f"{'' if code else _WORDS_GO + ': '}write {category}")
    if advice := response_words.advice(text, terms):
        return f"{advice}; {_WORDS_GO}".replace("?;", "?")
    if is_not_stated(text):
        return LEFT_OUT
    return f"{response_words.meanings()}; {_WORDS_GO}"


def fusion(text: str, kinases: Collection[str]) -> tuple[str, str] | None:
    """(kinase, partner) of a whole fusion, such as `PARTNER-KINASE`, `PARTNER::KINASE`, `KINASE/PARTNER fusion`."""
    plain = re.sub(r" (?:gene )?fusion$", "", " ".join(text.split()), flags=re.IGNORECASE)
    names = "|".join(map(re.escape, sorted(kinases, key=len, reverse=True)))
    between = r"(?: ?(?:::|[-–/:]) ?| )"
    last, first = rf"(?P<partner>[\w-]+?){between}(?P<gene>{names})", rf"(?P<gene>{names}){between}(?P<partner>[\w-]+)"
    for pattern in (last, first):
        if match := re.fullmatch(pattern, plain, re.IGNORECASE):
            return match["gene"].upper(), match["partner"].upper()
    return None


def marker(text: str, *, flags: bool) -> str | None:
    """`{GENE: positive}` from `GENE+`, `GENE positive`; with `flags` `{GENE: true}`, for a rearrangement."""
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
    match = re.fullmatch(r"(?:- )?(\w+): +([^\"'\[{|>&*!%@`\s].*(?:: | #).*)", line.strip())
    if match is None:
        return ""
    field, text = match[1], match[2]
    if field in _OF_FIELD and (proposal := _OF_FIELD[field](text)) is not None:
        return f"{field}: {proposal.value}"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}: "{escaped}"'
