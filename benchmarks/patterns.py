"""Whether a regular expression of metaimt grows faster than the text it is given.

    python benchmarks/patterns.py [WORDS OF PYTEST]

The tests are run, and each pattern that metaimt compiles is noted. Each is then given texts made from its own parts:
what comes before one of its repetitions, then that repetition (or all up to it) many times, then what does not fit.
Four times the text takes about four times as long if the pattern is linear and sixteen times if it is quadratic;
every pattern with a ratio above MOST_RATIO is printed, with the text, and ends the command with status 1.
"""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest

SHORT, LONG = 2_000, 8_000
MOST_RATIO = 10.0
SMALLEST = 0.02  # seconds for the long text, below which a ratio says nothing
MOST_SECONDS = 1
USES = ("match", "fullmatch", "search", "finditer", "findall", "sub", "split")
SIGNS = (" ", "a", "1", ",", ".", "-", "/", "(", "A", "é", "\n", '"')


def sample(parts: Any) -> str:
    """A short text that a parsed pattern accepts, or nearly: what looks around is left out."""
    return "".join(_sample(code, value) for code, value in parts)


def _sample(code: Any, value: Any) -> str:  # noqa: PLR0911 - one line a kind of part
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.NOT_LITERAL:
        return next(sign for sign in "ab" if ord(sign) != value)
    if code is codes.ANY:
        return "a"
    if code is codes.IN:
        return _member(value)
    if code is codes.BRANCH:
        return sample(value[1][0])
    if code is codes.SUBPATTERN:
        return sample(value[-1])
    if code in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
        return sample(value[2]) * max(value[0], 1 if value[1] else 0)
    if code is codes.ATOMIC_GROUP:
        return sample(value)
    return ""


def _member(members: Any) -> str:
    text = "[" + "".join(_set_text(code, value) for code, value in members) + "]"
    return next((sign for sign in ("a", "1", " ", "-", "A", ".", "é", ",", "(") if re.match(text, sign)), "a")


def _set_text(code: Any, value: Any) -> str:
    if code is codes.NEGATE:
        return "^"
    if code is codes.LITERAL:
        return re.escape(chr(value))
    if code is codes.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    names = {
        codes.CATEGORY_DIGIT: r"\d",
        codes.CATEGORY_NOT_DIGIT: r"\D",
        codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_WORD: r"\W",
    }
    return names.get(value, r"\w")


def attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """(before, repeated): texts that make the pattern try long and fail late."""
    yield from (("", sign) for sign in SIGNS)
    parsed = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    found = set()
    for before, body in _repeats(parsed, ""):
        found |= {(before, body), ("", before + body), ("", body), ("", body + before), (before, body + " ")}
        found |= {(before + body, sign) for sign in SIGNS[:6]} | {("", before[-1:] + body), ("", before + body + " ")}
    whole = sample(parsed)
    starts = range(1, min(12, len(whole)))
    found |= {("", whole), ("", whole[:-1]), ("", whole[:-2])} | {("", whole[:k]) for k in starts}
    yield from sorted(pair for pair in found if pair[1])


def _repeats(parts: Any, before: str) -> Iterator[tuple[str, str]]:
    for code, value in parts:
        if code in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
            if value[1] is codes.MAXREPEAT or value[1] > 100:
                yield before, sample(value[2])
            yield from _repeats(value[2], before)
        elif code is codes.SUBPATTERN:
            yield from _repeats(value[-1], before)
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, before)
        before += _sample(code, value)


def _stop(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise TimeoutError


def seconds(pattern: re.Pattern[str], how: str, text: str) -> float:
    """The time of one use of the pattern on a text; a second try if it is short, for the first may be disturbed."""
    best = float("inf")
    for _ in range(2):
        begun = time.perf_counter()
        if how in {"match", "fullmatch"}:
            getattr(pattern, how)(text)
        else:
            for _found in pattern.finditer(text):
                pass
        best = min(best, time.perf_counter() - begun)
        if best < SMALLEST or best > 0.05:
            break
    return best


def worst(pattern: re.Pattern[str], how: str) -> tuple[float, float, str]:
    """(ratio, seconds of the long text, the text in short) of the text that grows fastest."""
    found = (0.0, 0.0, "")
    for before, body in attacks(pattern):
        for end in ("", "\x00!a"):
            short, long = (before + body * (length // len(body)) + end for length in (SHORT, LONG))
            signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
            try:
                took = seconds(pattern, how, long)
                if took < SMALLEST:
                    continue
                ratio = took / max(seconds(pattern, how, short), 1e-9)
            except TimeoutError:
                took, ratio = float(MOST_SECONDS), float("inf")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if took > SMALLEST and ratio > found[0]:
                found = (ratio, took, f"{before!r} + {body!r} * n + {end!r}")
    return found


class Spy:
    """A compiled pattern that notes how it is used."""

    def __init__(self, pattern: re.Pattern[str], uses: set[str]) -> None:
        self._pattern, self._uses = pattern, uses

    def __getattr__(self, name: str) -> Any:
        if name in USES:
            self._uses.add(name)
        return getattr(self._pattern, name)


def patterns_used(words: list[str]) -> dict[tuple[str, int], tuple[set[str], set[str]]]:
    """(pattern, flags) -> where metaimt compiles it and how it is used, over a run of the tests."""
    seen: dict[tuple[str, int], tuple[set[str], set[str]]] = {}
    compiled = re._compile  # type: ignore[attr-defined]

    def noted(pattern: Any, flags: Any) -> Any:
        if isinstance(pattern, Spy):
            pattern = pattern._pattern
        result = compiled(pattern, flags)
        caller, frame = sys._getframe(1).f_code.co_name, sys._getframe(2)
        file = frame.f_code.co_filename.replace("\\", "/")
        if not isinstance(pattern, str) or "/metaimt/" not in file:
            return result
        places, uses = seen.setdefault((pattern, int(result.flags)), (set(), set()))
        places.add(f"{file.rpartition('/metaimt/')[2]}:{frame.f_lineno}")
        if caller == "compile":
            return Spy(result, uses)
        uses.add(caller)
        return result

    re._compile = noted  # type: ignore[attr-defined]
    pytest.main(["-n", "0", "-q", "-p", "no:cacheprovider", *words])
    re._compile = compiled  # type: ignore[attr-defined]
    return seen


def main() -> int:
    """Print every pattern that grows faster than its text."""
    signal.signal(signal.SIGALRM, _stop)
    found = patterns_used(sys.argv[1:] or ["tests/checks", "tests/curation", "tests/casefiles", "tests/model"])
    bad = 0
    for (text, flags), (places, uses) in sorted(found.items(), key=lambda each: min(each[1][0])):
        pattern = re.compile(text, flags)
        for how in sorted({use if use.endswith("match") else "finditer" for use in uses}):
            ratio, took, attack = worst(pattern, how)
            if ratio > MOST_RATIO:
                bad += 1
                said = f"x{ratio:.0f}, {1000 * took:.0f} ms at {LONG} with {attack}"
                print(f"{min(places)}: {how} of {text[:80]!r}: {said}", flush=True)
    print(f"{len(found)} patterns, {bad} grow faster than their text")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
