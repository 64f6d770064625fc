"""Columns that say who somebody is: such a table is refused until the mapping drops them.

The names are data: vocabulary/identifying.yaml.
"""

from __future__ import annotations

import re

from metaimt.vocabulary import identifying_names


def is_identifying(heading: str) -> bool:
    """Whether a heading names what identifies a person: `Patient name`, `D.O.B.`, `DateOfBirth`, `Geburtsdatum`."""
    whole, parts = identifying_names()
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading).casefold()
    plain = " ".join(re.sub(r"[\W_]+", " ", apart).split())
    if plain in whole or plain.replace(" ", "") in {part.replace(" ", "") for part in parts}:
        return True
    return any(f" {part} " in f" {plain} " for part in parts)
