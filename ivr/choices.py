"""What the holder of an account may ask for on the family's line."""

from __future__ import annotations

from enum import Enum


class AccountChoice(Enum):
    """What may be asked for; the value is the key."""

    BALANCE = "1"
    DEPOSIT = "2"
    BLOCK = "3"
    SERVICE = "0"
