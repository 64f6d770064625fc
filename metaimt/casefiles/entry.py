"""What the models of a case file share: a frozen entry, and its optional fields with their descriptions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Entry(BaseModel):
    """What all models share: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def described(text: str) -> Any:
    """An optional field with its description."""
    return Field(default=None, description=text)


def listed(text: str) -> Any:
    """An optional list with its description."""
    return Field(default=(), description=text)


def mapped(text: str) -> Any:
    """An optional mapping with its description."""
    return Field(default_factory=dict, description=text)
