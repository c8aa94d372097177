"""From SIP statuses to causes."""

from __future__ import annotations

from typing import Final

from switch.leg.events import Cause

CAUSES: Final[dict[int, Cause]] = {
    403: Cause.DECLINED,
    404: Cause.NO_ROUTE,
    408: Cause.NO_ANSWER,
    410: Cause.NO_ROUTE,
    415: Cause.INCOMPATIBLE,
    433: Cause.DECLINED,
    480: Cause.NO_ANSWER,
    484: Cause.NO_ROUTE,
    486: Cause.BUSY,
    487: Cause.NO_ANSWER,
    488: Cause.INCOMPATIBLE,
    503: Cause.UNREACHABLE,
    600: Cause.BUSY,
    603: Cause.DECLINED,
    604: Cause.NO_ROUTE,
    606: Cause.INCOMPATIBLE,
    607: Cause.DECLINED,
    608: Cause.DECLINED,
}


def cause_of(status: int) -> Cause:
    """The cause of a leg that a final response of 300 to 699 ended."""
    return CAUSES.get(status, Cause.FAILED)
