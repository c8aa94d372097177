"""What can be wrong with the material that rating is given."""

from __future__ import annotations


class RatingError(Exception):
    """Root of the errors of this package."""


class RateError(RatingError):
    """The fields of a rate do not make a price, or its stored text is not one."""


class OverlapError(RatingError):
    """Two tariffs claim the same numbers for the same kind of call on the same day."""

    def __init__(self, first: str, second: str, prefix: str) -> None:
        super().__init__(f"tariffs {first} and {second} both price {prefix} for one kind on one day")
        self.first = first
        self.second = second
        self.prefix = prefix
