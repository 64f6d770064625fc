"""An analysis that a rule of the protocol forbids: said with its reason, never left out in silence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotRun:
    """An analysis that was not done, and why."""

    reason: str

    def wording(self) -> str:
        """A phrase for the report."""
        return f"not run: {self.reason}"
