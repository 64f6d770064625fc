"""What has no number, said with its reason: an analysis that was not run, a parameter that is not identified."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotRun:
    """An analysis that was not done, and why."""

    reason: str

    JSON = (("not_run", "reason"),)

    def wording(self) -> str:
        """A phrase for the report."""
        return f"not run: {self.reason}"


@dataclass(frozen=True)
class NotIdentified:
    """A parameter on which these reports say nothing, and why."""

    reason: str

    JSON = (("not_identified", "reason"),)

    def wording(self) -> str:
        """A phrase for the report."""
        return f"not identified ({self.reason})"
