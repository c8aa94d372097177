"""How many examples a property is tried with: enough to find a fault at every run, more on request.

What judges money (the state machines of the ledger, what a call costs, what money affords) always has all of its own.
"""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

USUAL: Final = "usual"
"""The profile of every other run."""

THOROUGH: Final = "thorough"
"""The profile of `make thorough`: every example that is asked for."""

USUAL_SHARE: Final = 4
"""Without it, one of so many."""


def register_profiles() -> None:
    """Let hypothesis know both; no test fails because others keep the processor busy."""
    for name in (USUAL, THOROUGH):
        settings.register_profile(name, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile(USUAL)


def examples(count: int) -> settings:
    """Settings of a property that is worth so many examples, of which an everyday run takes a part."""
    is_thorough = settings.get_current_profile_name() == THOROUGH
    return settings(deadline=None, max_examples=count if is_thorough else count // USUAL_SHARE)
