"""Numbers inside sentences that lead to the patients behind them.

May import: analyses and below. A function that writes a sentence takes a `Link` and puts each of its counts through
it; it knows nothing of pages. `plain`, the default everywhere, leaves the words as they are. The page passes a
`Linker`, whose marks its templates turn into buttons; a number whose cases are not there is an error where it is
written.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256
from typing import TYPE_CHECKING

from metaimt.analyses.wording import Link, plain
from metaimt.files import for_terminal

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["Link", "Linker", "first_count", "plain", "shown", "visible"]


def first_count(text: str, key: str, link: Link) -> str:
    """`text` with its first whole number through `link`: of a phrase such as `not run: 7 reports with 5 or more`."""
    return re.sub(r"\d+", lambda found: link(found[0], key), text, count=1)


class Linker:
    """A `Link` for the page, and the markup of its sentences.

    known: every key that has cases; `reports/` before it shows their publications. content: all that the review's
    files say. The marks carry its digest, so that no text of a file can hold one: it would contain its own digest.
    """

    def __init__(self, known: Collection[str], content: str) -> None:
        self.known = known
        self._made: list[tuple[str, str]] = []
        secret = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        self._start, self._end = f"\ue000{secret}:", "\ue001"
        self._mark = re.compile(f"{self._start}([0-9]+){self._end}")

    def __call__(self, text: str, key: str) -> str:
        """A mark for the sentence. Raises KeyError if no cases stand behind the number."""
        self._refuse(key)
        self._made.append((text, key))
        return f"{self._start}{len(self._made) - 1}{self._end}"

    def sentence(self, text: str) -> Markup:
        """A text with marks as markup: the numbers as buttons, everything else escaped and visible."""
        from markupsafe import Markup, escape

        parts = self._mark.split(text)  # words and the numbers of marks, in turn
        made = [escape(shown(parts[0]))]
        for number, after in zip(parts[1::2], parts[2::2], strict=True):
            made += [self.button(*self._made[int(number)]), escape(shown(after))]
        return _together(Markup("").join(made))

    def button(self, text: str, key: str) -> Markup:
        """A number that leads to its cases. Raises KeyError if there are none."""
        from markupsafe import Markup

        made = '<button type="button" class="n" data-set="{}" aria-haspopup="dialog">{}</button>'
        return Markup(made).format(self.known_key(key), shown(str(text)))  # noqa: S704 - format escapes the values

    def known_key(self, key: str) -> str:
        """The key for an attribute. Raises KeyError if no cases stand behind it."""
        self._refuse(key)
        return visible(key)

    def _refuse(self, key: str) -> None:
        if key not in self.known and key.removeprefix("reports/") not in self.known:
            raise KeyError(f"no cases behind the number '{key}'")


def _together(sentence: Markup) -> Markup:
    """No line ends between a button and the bracket before it or the sign after it, as none does beside words."""
    from markupsafe import Markup

    button = r"<button [^>]*>[^<]*</button>"
    kept = rf"[\[(]{button}[\]).,;:]*|{button}[\]).,;:]+"
    return Markup(re.sub(kept, r'<span class="together">\g<0></span>', str(sentence)))  # noqa: S704 - markup already


def visible(text: str) -> str:
    """Text from a file as the page shows it: one line, with control and direction characters shown as escapes."""
    return for_terminal(" ".join(text.split()))


def shown(text: str) -> str:
    """As `visible`, with `74.3 %` kept on one line and blanks at the ends kept, since a sentence goes on."""
    start, end = text[:1].isspace(), text[-1:].isspace()
    inner = visible(text).replace(" %", "\u00a0%")
    return f"{' ' if start else ''}{inner}{' ' if end and inner else ''}"
