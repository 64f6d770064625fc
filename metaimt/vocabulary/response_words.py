"""What the words of a source say of a response: the category that they print, and those that they leave possible.

The words stand in response_words.yaml, and those that are one category in terms.yaml; this reads a text by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from metaimt.vocabulary import Terms
from metaimt.vocabulary.words import load_words

Phrase = tuple[str, ...]
Span = tuple[int, int, str]  # from, to, kind
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]\w*|[^\w\s]")
_SPELLED = re.compile(r"\b([A-Za-z])\.\s?([A-Za-z])\.(?!\w)")  # P.R.
_SIGNED = re.compile(r"(?<![^\s(])([-+−])(?=\d+(?:[.,]\d+)? ?%)")
_SIGNS = {"-": "smaller ", "−": "smaller ", "+": "larger "}
_PER_CENT = frozenset(("%", "percent", "prozent"))
_ENDS = frozenset(".,;:()!") | {"but", "then", "although", "however", "while", "followed", "before", "after", "until"}
_JOINS = frozenset("-\u2010\u2011−–—/'’\"“”")
_DOUBT_SIGNS = frozenset("?~≈≥≤><")
_AUXILIARY = frozenset(("was", "were", "is", "are", "has", "have", "had", "could", "did"))
_SEEN = frozenset(("seen", "observed", "achieved", "reached", "detected", "found", "noted"))
_REACH = 7  # how many words a denial may stand before what it may deny
_GROWN = 20  # per cent, from which growth is progression


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that say something of a response. `fits`: the categories left possible; `prints`: the one they print."""

    kind: str
    advice: str
    fits: frozenset[str]
    prints: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says: its mentions, the category if it is simply one, and whether it prints any."""

    mentions: tuple[Mention, ...]
    category: str
    prints_one: bool

    @property
    def fits(self) -> frozenset[str]:
        """The categories that the text leaves possible; none where it says nothing of them."""
        strong = [mention for mention in self.mentions if mention.prints and not mention.weak]
        return frozenset().union(*(mention.fits for mention in strong or self.mentions))


def said(text: str, terms: Terms, *, typed: bool = False) -> Said:
    """What a text says of the response. `typed`: it stands as a category, so codes count in any capitals."""
    return _said(text, tuple(terms.items()), typed)


@lru_cache(maxsize=32)  # of the same words several rules ask one after the other
def _said(text: str, terms: tuple[tuple[str, tuple[str, ...]], ...], typed: bool) -> Said:
    return _table(terms).read(text, typed=typed)


def advice(text: str, terms: Terms) -> str:
    """What to tell who typed words that are not simply a category; nothing if none of them is known."""
    return _table(tuple(terms.items())).advice(text)


def meanings() -> str:
    """What each category means, in a line."""
    return str(load_words("response_words")["meanings"])


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    split = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in split if not unicodedata.combining(sign)).casefold()


def _tokens(text: str) -> list[str]:
    return [token for token in _TOKEN.findall(_SPELLED.sub(r"\1\2", text.replace("_", " "))) if token not in _JOINS]


@lru_cache(maxsize=8)
def _table(terms: tuple[tuple[str, tuple[str, ...]], ...]) -> _Table:
    return _Table(dict(terms), load_words("response_words"))


class _Table:
    """The words of one vocabulary: phrases of folded words, and codes as they are written."""

    def __init__(self, terms: Terms, words: Mapping[str, Any]) -> None:
        self.kinds: dict[str, Mapping[str, Any]] = dict(words["kinds"])
        self.categories = frozenset(terms)
        self._denied = words["denied"]
        self._phrases: dict[Phrase, str] = {}
        self._codes: dict[str, str] = {}
        for kind, entry in self.kinds.items():
            for each in entry.get("words", ()):
                for word in _with_nouns(str(each), words["nouns"]):
                    self._add(word, kind)
        self._also = frozenset(map(_plain, words["also_printed"]))
        self._alone: dict[str, str] = {}
        for category, others in terms.items():
            self._codes[category] = category
            for word in others:
                alone = _plain(word) in self._also or (_plain(word),) in self._phrases
                self._add(word, category, alone=alone)
        self._longest: dict[str, int] = {}  # by the first word of phrases
        for phrase in self._phrases:
            self._longest[phrase[0]] = max(len(phrase), self._longest.get(phrase[0], 1))
        sets = ("denials", "reached_over", "denials_after", "fillers")
        self._denials, self._reached_over, self._after, self._fillers = (
            frozenset(map(_plain, map(str, words[name]))) for name in sets
        )
        self._doubts = tuple(tuple(_plain(each) for each in _tokens(str(doubt))) for doubt in words["doubts"])

    def _add(self, word: str, kind: str, *, alone: bool = False) -> None:
        if alone:  # `partial` is a category where it is all that was typed; elsewhere it may be a partial resection
            self._alone[_plain(word)] = kind
        elif " " not in word and word[1:] != word[1:].casefold():
            self._codes[word] = kind
        else:
            self._phrases[tuple(map(_plain, _tokens(word)))] = kind

    def read(self, text: str, *, typed: bool) -> Said:
        """The mentions of a text, in its order."""
        tokens = _tokens(_SIGNED.sub(lambda sign: _SIGNS[sign[1]], text))
        folded = list(map(_plain, tokens))
        spans = list(self._spans(tokens, folded, typed=typed))
        mentions: list[Mention] = []
        waiting, also = deque(spans), False
        for start, end in _clauses(folded):
            within = []
            while waiting and waiting[0][0] < end:
                within.append(waiting.popleft())
            mentions += self._in_clause(within, folded, (start, end))
            also = also or self._also_prints(folded, (start, end), within)
        prints = also or any(mention.prints for mention in mentions)
        return Said(tuple(mentions), self._simply(folded, spans, mentions), prints)

    def advice(self, text: str) -> str:
        """The advice of the first kind in the order of the file."""
        read = self.read(text, typed=True)
        named = {mention.prints for mention in read.mentions if mention.prints and not mention.weak}
        folded = list(map(_plain, _tokens(text)))
        ranks = {kind: rank for rank, kind in enumerate(self.kinds)}
        found = {ranks.get(each.kind, len(ranks)): each.advice for each in read.mentions if each.advice}
        if read.mentions and self._is_doubtful(folded):
            found[ranks["in doubt"]] = self.kinds["in doubt"]["advice"]
        if named:
            several = "two categories" if len(named) > 1 else "among other words"
            found[ranks[several]] = self.kinds[several]["advice"]
        return str(found[min(found)]) if found else ""

    def _spans(self, tokens: list[str], folded: list[str], *, typed: bool) -> Iterator[Span]:
        at, telling = 0, [word for word in folded if word not in self._fillers]
        if len(telling) == 1 and telling[0] in self._alone:
            at = folded.index(telling[0])
            yield at, at + 1, self._alone[telling[0]]
            return
        while at < len(tokens):
            for size in range(min(self._longest.get(folded[at], 1), len(tokens) - at), 0, -1):
                kind = self._phrases.get(tuple(folded[at : at + size]))
                if size == 1:
                    kind = self._code(tokens[at], typed=typed, alone=len(tokens) == 1) or kind
                if kind is not None:
                    yield at, at + size, kind
                    at += size - 1
                    break
            at += 1

    def _code(self, token: str, *, typed: bool, alone: bool) -> str | None:
        if token in self._codes:
            return self._codes[token]
        if not typed:
            return None
        folded = {code.casefold(): kind for code, kind in self._codes.items() if alone or code in self.categories}
        return folded.get(token.casefold())

    def _in_clause(self, spans: list[Span], folded: list[str], clause: tuple[int, int]) -> Iterator[Mention]:
        doubtful = self._is_doubtful(folded[slice(*clause)])
        percents = _percents(folded[slice(*clause)])
        governs = {self.kinds[kind].get("governs") for _, _, kind in spans if kind in self.kinds} - {None}
        for span in spans:
            mention = self._mention(span, folded, clause)
            if span[2] == "larger" and mention.fits == {"SD", "PD"} and percents and min(percents) >= _GROWN:
                mention = replace(mention, fits=frozenset({"PD"}))
            if governs or doubtful:
                prints = "" if True in governs else mention.prints
                mention = replace(mention, fits=self.categories, prints=prints)
            yield mention

    def _mention(self, span: Span, folded: list[str], clause: tuple[int, int]) -> Mention:
        kind = span[2]
        of_kind: Mapping[str, Any] = self.kinds.get(kind) or {"fits": [kind]}
        weak, prints = bool(of_kind.get("weak")), kind if kind in self.categories else ""
        denial = self._denial(folded, span, clause)
        if denial == "perhaps":
            return Mention(kind, of_kind.get("advice", ""), self.categories, prints, weak=True)
        if denial == "denied":
            denied = self._denied[kind] if prints else of_kind.get("denied", {"advice": of_kind.get("advice", "")})
            return Mention(kind, denied["advice"], frozenset(denied.get("fits", self.categories)), weak=True)
        fits = frozenset(of_kind.get("fits", self.categories))
        if weak and len(fits) == 1:
            prints = min(fits)
        return Mention(kind, of_kind.get("advice", ""), fits, prints, weak)

    def _denial(self, folded: list[str], span: Span, clause: tuple[int, int]) -> str:
        """`denied`, `perhaps` where a denial may be about other words, or nothing."""
        start, end, _ = span
        between: list[str] = []
        for word in reversed(folded[max(clause[0], start - _REACH) : start]):
            if word in self._denials:
                return "denied" if self._reached_over.issuperset(between) else "perhaps"
            between.append(word)
        after = folded[end : min(end + 4, clause[1])]
        if after and after[0] in self._after:
            return "denied"
        if len(after) > 2 and after[0] in _AUXILIARY and after[1] == "not":
            return "denied" if _SEEN.intersection(after[2:]) else "perhaps"
        return ""

    def _also_prints(self, folded: list[str], clause: tuple[int, int], spans: Collection[Span]) -> bool:
        """`Complete and Repeated Response`: a category's word that belongs to no mention and is not denied."""
        if any(self.kinds.get(kind, {}).get("governs") for _, _, kind in spans):
            return False
        taken = {place for start, end, _ in spans for place in range(start, end)}
        free = [place for place in range(*clause) if folded[place] in self._also and place not in taken]
        return any(not self._denial(folded, (place, place + 1, ""), clause) for place in free)

    def _is_doubtful(self, folded: list[str]) -> bool:
        runs = {tuple(folded[at : at + size]) for size in (1, 2) for at in range(len(folded))}
        return not _DOUBT_SIGNS.isdisjoint(folded) or not runs.isdisjoint(self._doubts)

    def _simply(self, folded: list[str], spans: list[Span], mentions: list[Mention]) -> str:
        """The category of a text that holds it and nothing else but words that change nothing."""
        if len(mentions) != 1 or not mentions[0].prints or mentions[0].weak or self._is_doubtful(folded):
            return ""
        ((start, end, _),) = spans
        beside = {word for word in (*folded[:start], *folded[end:]) if word not in {".", ",", "(", ")"}}
        return mentions[0].prints if beside <= self._fillers else ""


def _with_nouns(word: str, nouns: Collection[str]) -> Iterator[str]:
    if not word.endswith(" *"):
        yield word
        return
    first = word.removesuffix(" *")
    yield from (f"{first} {noun}" for noun in nouns)
    if " " in first or first in {"subtotal", "incomplete"}:
        yield first


def _clauses(folded: list[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for at, word in enumerate([*folded, "."]):
        if word in _ENDS:
            yield start, at
            start = at + 1


def _percents(folded: list[str]) -> list[float]:
    """The numbers before a percent sign or `percent`."""
    pairs = pairwise(folded)
    return [float(one.replace(",", ".")) for one, next_ in pairs if one[0].isdecimal() and next_ in _PER_CENT]
