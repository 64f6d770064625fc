"""Questions on a terminal, where a line can be edited and words are completed; elsewhere plain lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from metaimt.cli.output import INTERRUPTED, WRONG_USE, stop
from metaimt.files import for_terminal
from metaimt.problem import WrongUse


def ask(prompt: str, words: Sequence[str] = ()) -> str:
    """One answer from the terminal, which completes `words`; from a pipe it is shown, so that the output can be read
    as a conversation.

    Raises EOFError where the answers end, KeyboardInterrupt for Ctrl-C and Ctrl-D, WrongUse for what is no text.
    """
    typed = sys.stdin.isatty()
    try:
        if typed and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            return _edited(prompt, words)
        answer = input(prompt)
    except UnicodeDecodeError as error:
        raise WrongUse("the answers are not UTF-8 text") from error
    except EOFError:
        if typed:
            raise KeyboardInterrupt from None
        raise
    if not typed:
        print(for_terminal(answer))
    return answer


def _edited(prompt: str, words: Sequence[str]) -> str:
    """A line that can be edited; a menu of the words that begin so, from which nothing is taken unasked."""
    import prompt_toolkit
    from prompt_toolkit.completion import WordCompleter

    os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")  # else it waits for, and warns of, terminals without it
    completer = WordCompleter(list(words), ignore_case=True, sentence=True) if words else None
    return prompt_toolkit.prompt(prompt, completer=completer)


@contextmanager
def uninterrupted(left: Callable[[], str] = lambda: "nothing was written") -> Iterator[None]:
    """Questions whose answers are written afterwards: ends the command, saying what is left of them, if they end."""
    try:
        yield
    except EOFError:
        stop(f"the answers ended before the questions; {left()}", WRONG_USE)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        stop(f"stopped; {left()}", INTERRUPTED)
