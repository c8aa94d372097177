"""The base times of RFC 3261 Table 4, in seconds; timers A to M derive from them."""

from __future__ import annotations

from typing import Final

T1: Final = 0.5
"""The estimated round trip: first interval of every retransmission (§17.1.1.1)."""

T2: Final = 4.0
"""The longest interval between retransmissions of a non-INVITE request or of a response to INVITE."""

T4: Final = 5.0
"""How long the network may keep a message."""

TRANSACTION_TIME: Final = 64 * T1
"""Timers B, D, F, H, J, L and M over UDP: 32 s. Table 4 asks for *more than* 32 s for D; 64*T1 is 32 s."""

TRYING_DELAY: Final = 0.2
"""An INVITE server transaction says 100 by itself after this time (§17.2.1)."""
