"""`metaimt init`: the files of a new review, from what is asked and of whom.

The texts stand in `templates/`; every answer is written as YAML by `scalar`, so that it is read back as it was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml
from pydantic import TypeAdapter

from metaimt.casefiles.fields import Change
from metaimt.casefiles.library import read_library
from metaimt.casefiles.schema import SCHEMA_FILE, SCHEMAS, review_schema
from metaimt.checks import check_library
from metaimt.curation.new_case import in_form, inside, scalar, without_controls
from metaimt.files import in_ascii, write_file
from metaimt.problem import WrongUse, has_errors
from metaimt.vocabulary import NOT_STATED, REGIMEN, Vocabulary, built_in, wrong_gene

_LONGEST: Final = 200  # characters of an answer


@dataclass(frozen=True)
class Outcome:
    """A binary outcome: the best responses that count, how the rate is called, and what the question asks."""

    responders: tuple[str, ...]
    rate: str
    asked: str


OUTCOMES: Final[Mapping[str, Outcome]] = {
    "response": Outcome(("CR", "PR"), "Objective response rate", "respond"),
    "complete": Outcome(("CR",), "Complete response rate", "respond completely"),
    "control": Outcome(("CR", "PR", "SD"), "Disease control rate", "respond or stay stable"),
}
Words = Mapping[str, tuple[str, ...]]  # term -> what stands after it


@dataclass(frozen=True)
class NewReview:
    """What a review is about. `drugs` maps names to targets, `sites` and `histology` terms to other ways to write them.

    A mutation is a gene and its change, empty for any change of the gene.
    """

    tumour: str
    drugs: Words
    histology: Words
    search: tuple[str, ...]
    year: int
    markers: tuple[str, ...] = ()
    fusions: tuple[str, ...] = ()
    mutations: tuple[tuple[str, str], ...] = ()
    sites: Words = field(default_factory=dict)
    outcome: str = "response"
    by: str = ""


def questions() -> Mapping[str, str]:
    """What is asked, in its order: option -> question."""
    return dict(_asked()["questions"])


def example() -> str:
    """The options of an example."""
    return str(_asked()["example"])


def _asked() -> Any:
    return yaml.safe_load(_template("questions.yaml"))


def answer(text: str) -> str:
    """An answer on one line. Raises WrongUse if it is empty or too long."""
    plain = " ".join(without_controls(text).split())
    if not plain or len(plain) > _LONGEST:
        raise WrongUse(f"an answer has 1 to {_LONGEST} characters; this one has {len(plain)}")
    return plain


def term(text: str) -> tuple[str, tuple[str, ...]]:
    """`bone: femur, tibia` as a term and the words after it. Raises WrongUse as `answer`."""
    name, _, words = text.partition(":")
    return answer(name), tuple(dict.fromkeys(answer(word) for word in words.split(",") if word.strip()))


def gene(text: str) -> str:
    """A symbol of the HGNC, or a kinase of the vocabulary. Raises WrongUse with the present symbol if it is known."""
    symbol = answer(text)
    if (hint := wrong_gene(symbol)) is not None:
        raise WrongUse(f"'{symbol}' is no gene of the HGNC; {hint}")
    return symbol


def mutation(text: str) -> tuple[str, str]:
    """`BRAF:V600E`, or `BRAF` for any change. Raises WrongUse as `gene`, and for a change that is not in short form."""
    name, _, change = text.partition(":")
    if not change.strip():
        return gene(name), ""
    return gene(name), in_form(_CHANGE, answer(change))


_CHANGE: TypeAdapter[str] = TypeAdapter(Change)


def drug(text: str) -> tuple[str, tuple[str, ...]]:
    """`madeupinib:BRAF`, or the name alone of a drug of the vocabulary. Raises WrongUse with what to type."""
    name, targets = term(text)
    known = built_in()
    if REGIMEN in name:
        raise WrongUse(f"'{name}' is several drugs; give each: {' and '.join(name.split(REGIMEN))}")
    if name in known.drugs:
        own = known.drugs[name].targets
        if targets and set(targets) != set(own):
            raise WrongUse(f"{name} is known, against {', '.join(own) or 'nothing stated'}; give the name alone")
        return name, own
    if meant := known.nearest("drug", name):
        raise WrongUse(f"'{name}' stands for {meant}; write {meant}")
    if not targets:
        how = f"{name}:GENE, or {name}:GENE,GENE for two"
        raise WrongUse(f"'{name}' is not in the vocabulary; say what it is given against: {how}")
    return name, tuple(map(gene, targets))


def write_review(folder: Path, review: NewReview, version: str) -> tuple[str, ...]:
    """Write the files of a review into a new or empty folder; their names. `version` is that of the package.

    Raises WrongUse if the folder holds anything but `.git`, or the answers do not make a valid review: then nothing is
    written.
    """
    if folder.exists() and (not folder.is_dir() or any(each.name != ".git" for each in folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise WrongUse(f"{folder} {what}, and nothing is overwritten; name a new folder: metaimt init {folder}-review")
    texts = review_files(review, version)
    with TemporaryDirectory(prefix="metaimt-") as temporary:
        vocabulary = _checked(Path(temporary) / "cases", texts)
    texts |= {
        f"cases/{SCHEMA_FILE}" if name == "case" else f"schemas/{name}.schema.json": _schema_text(name, vocabulary)
        for name in SCHEMAS
    }
    for name, text in sorted(texts.items()):
        write_file(folder / name, text.encode())
    return tuple(sorted(texts))


def _schema_text(name: str, vocabulary: Vocabulary) -> str:
    return f"{json.dumps(review_schema(name, vocabulary), indent=1, ensure_ascii=False)}\n"


def _checked(cases: Path, texts: Mapping[str, str]) -> Vocabulary:
    """The vocabulary of the review in these files. Raises WrongUse with the first thing that is wrong in them."""
    for name, text in texts.items():
        if name.startswith("cases/"):
            write_file(cases.parent / name, text.encode())
    library = read_library(cases)
    problems = check_library(library)
    if has_errors(problems):
        first = next(each for each in problems if each.severity == "error")
        raise WrongUse(f"{Path(first.file).name}: {first.message}{'; ' if first.hint else ''}{first.hint}")
    return library.vocabulary


def review_files(review: NewReview, version: str) -> dict[str, str]:
    """Name -> text of each file, but for the schemas."""
    added = _added(review)
    replaced = ["histology"] if "broad_histology" in added else []
    answers = {**_protocol(review), "added": added, "replaced": replaced, "query": pubmed_query(review)}
    cases = ["review.yaml", "searches.yaml", *(["vocabulary.yaml"] if added else [])]
    return {
        **{f"cases/{name}": _rendered(f"{name}.j2", answers) for name in cases},
        **{f"cases/{name}/README.md": _template(f"{name}.md") for name in ("literature", "local")},
        ".github/workflows/review.yml": _template("workflow.yml"),
        ".gitattributes": _template("gitattributes"),
        ".github/ISSUE_TEMPLATE/new-case.yml": _template("new-case.yml"),
        ".gitignore": _template("gitignore"),
        "LICENSE": _template("LICENSE"),
        "README.md": _template("README.md"),
        "requirements.txt": f"metaimt=={version}\n",
    }


def pubmed_query(review: NewReview) -> str:
    """The words for the tumour and those for the drugs, each as a phrase."""
    known = built_in().drugs
    drugs = [word for name in review.drugs for word in (name, *(known[name].synonyms if name in known else ()))]
    return f"({_any_of(review.search)}) AND ({_any_of(drugs)})"


def _any_of(words: Iterable[str]) -> str:
    phrases = (" ".join(word.replace('"', " ").split()) for word in words)
    return " OR ".join(f'"{phrase}"' for phrase in dict.fromkeys(phrases) if phrase)


def _added(review: NewReview) -> dict[str, dict[str, Any]]:
    """The terms that the built-in vocabulary lacks."""
    known = built_in()
    kinases = {*known.terms("kinase"), *review.fusions}
    lists: dict[str, dict[str, Any]] = {
        "histology": {name: list(words) for name, words in review.histology.items()},
        "site": {name: list(words) for name, words in review.sites.items()},
        "kinase": {name: [] for name in review.fusions},
        "marker": {name: [] for name in review.markers if name not in kinases},
    }
    added = {
        name: {one: words for one, words in terms.items() if words or one not in known.lists[name]}
        for name, terms in lists.items()
    }
    added["drugs"] = {name: {"targets": list(own)} for name, own in review.drugs.items() if name not in known.drugs}
    if not {*review.histology} & {*known.lists["histology"]}:
        added["broad_histology"] = {next(iter(review.histology)): []}
    return {name: terms for name, terms in added.items() if terms}


def _protocol(review: NewReview) -> dict[str, Any]:
    outcome, drugs = OUTCOMES[review.outcome], _listed(list(review.drugs))
    rows: dict[str, dict[str, Any]] = {}
    labels: dict[str, str] = {}
    for label, row in _rows(review):
        name = in_ascii(label).replace("-", "_")
        while name in rows:
            name += "_too"
        rows[name], labels[name] = row, label
    unknown = [name for name, row in rows.items() if row.get("status") == NOT_STATED]
    apart = [name for name, row in rows.items() if row.get("status") == "negative" or row.get("fusion_gene") == "other"]
    groups = ["histology"] if len(review.histology) > 1 else []
    groups += ["site", *(["fusion_partner"] if review.fusions or review.markers else []), "drug", "age_group", "sex"]
    return {
        "title": f"{drugs[:1].upper()}{drugs[1:]} in {review.tumour}",
        "question": f"How often does {review.tumour} {outcome.asked} to {drugs}, and how much of the published rate is "
        "selective publication?",
        "headline": f"{outcome.rate}, {drugs}, first or unstated line",
        "year": review.year,
        "responders": list(outcome.responders),
        "eligible": [*review.histology, NOT_STATED],
        "rows": rows,
        "labels": labels,
        "known": [name for name in rows if name not in {*unknown, *apart}],
        "unknown": unknown,
        "subgroups": groups,
        "patients": f"patients with {review.tumour}",
        "by": review.by,
    }


def _rows(review: NewReview) -> Iterator[tuple[str, dict[str, Any]]]:
    """Label and fields of each row: what is known, then what is not stated, then what is known to be absent."""
    for name in review.fusions:
        yield f"{name} fusion", {"fusion_gene": name, "targets": _about(name, review)}
    for name, change in review.mutations:
        fields = {"mutation": name, **({"change": change} if change else {})}
        yield f"{name} {change or 'mutation'}", {**fields, "targets": _about(name, review)}
    for name in review.markers:
        yield f"{name}-positive", {"marker": name, "status": "positive", "targets": _about(name, review)}
    for name in (*review.markers, *(review.fusions[:1] if not review.markers else ())):
        yield f"{name} not stated", {"marker": name, "status": NOT_STATED, "targets": _about(name, review)}
    for name in review.markers:
        yield f"{name}-negative", {"marker": name, "status": "negative", "targets": _about(name, review)}
    if review.fusions:
        yield "other fusion", {"fusion_gene": "other", "targets": ["any"]}


def _about(name: str, review: NewReview) -> list[str]:
    """The targets of the drugs that a row of this gene is about.

    The gene, if a drug is given against it, with the targets of the drugs that are against no gene of the review, as in
    a regimen; else the targets of all drugs, or any.
    """
    genes = {*review.fusions, *review.markers, *(gene for gene, _ in review.mutations)}
    own = [name] if any(name in targets for targets in review.drugs.values()) else []
    own += [each for targets in review.drugs.values() if genes.isdisjoint(targets) for each in targets]
    every = (each for targets in review.drugs.values() for each in targets)
    return list(dict.fromkeys(own or every)) or ["any"]


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]


def _template(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _rendered(name: str, answers: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    # What is written is YAML, of which `scalar` escapes each answer; there is no HTML.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    environment.filters |= {"yaml": scalar, "inside": inside}
    return environment.from_string(_template(name)).render(answers)
