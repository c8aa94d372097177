"""What a profile does where a third party is suspected on a call: three-way calling, call forwarding.

A false alarm is worse than a miss: two people may talk through a click. So it is only noted, unless a profile says
otherwise (DOMAIN: a call, state by state; controls).
"""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, ConfigDict


class Response(Enum):
    """What is done about a suspicion."""

    FLAG = "flag"
    """It is noted with the call, and the call goes on."""
    CUT = "cut"
    """The call is ended."""


class ThirdParty(BaseModel):
    """`[third_party]` of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    three_way: Response = Response.FLAG
    """Where the called party may have brought in somebody else."""
    forwarded: Response = Response.FLAG
    """Where the called number may have sent the call on."""
    listens: bool = False
    """Whether the called party's line is listened to for a hook-flash with a second dial tone. Nobody listens to
    calls that are not recorded."""
