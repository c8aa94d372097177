"""What the holder of an account may ask for on the family's line."""

from __future__ import annotations

from enum import Enum


class AccountChoice(Enum):
    """What may be asked for, in the order in which it is said."""

    BALANCE = "balance"
    DEPOSIT = "deposit"
    BLOCK = "block"
    SERVICE = "service"
