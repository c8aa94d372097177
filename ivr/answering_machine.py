"""What a profile does about a machine that answers: an answering machine, voicemail.

By its behaviour alone every machine is released unpaid, for it presses no key; that takes until the greeting was said
as often as it is. By its sound it is told in seconds, and what is told wrongly is a person hung up on: so a profile
asks for it.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ToldBy(Enum):
    """How a machine is recognised."""

    BEHAVIOUR = "behaviour"
    """It presses nothing."""
    SOUND = "sound"
    """It speaks at length at once, or beeps, before any key is pressed."""


class Then(Enum):
    """What is done where one was heard."""

    HANG_UP = "hang-up"
    """It is released at once; nobody pays."""
    GO_ON = "go-on"
    """It is noted, and the greeting goes on."""


class AnsweringMachine(BaseModel):
    """`[machine]` of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    told_by: ToldBy = ToldBy.BEHAVIOUR
    then: Then = Then.HANG_UP
    speech: Annotated[float, Field(ge=1.5, le=10)] = 2.5
    """Seconds of speech without a pause, the first thing that is said: a person who answers says less."""

    @property
    def hangs_up_on_sound(self) -> bool:
        """Whether a machine that is heard is released."""
        return self.told_by is ToldBy.SOUND and self.then is Then.HANG_UP
