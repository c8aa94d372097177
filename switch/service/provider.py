"""What a provider's configuration says to those who serve its customers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ledger.products.bundles import MessagePolicy
from ledger.products.policy import DepositPolicy
from rating.business import BusinessHours
from rating.calendar import local_day
from switch.directory.people import Directory, Facility, FacilityId


@dataclass(frozen=True, slots=True)
class Provider:
    """Facilities and people, and the rules for money and messages."""

    directory: Directory
    deposits: DepositPolicy
    """Caps and fees of payments."""
    activation: timedelta
    """Until a number that was added to an account of several is paid for (S3-5)."""
    messages: MessagePolicy
    review: BusinessHours
    """When messages are reviewed, and how much of that time is promised; by the clock of the facility concerned."""

    def facility(self, facility_id: str) -> Facility | None:
        """The facility of this id, None if there is none."""
        return next((each for each in self.directory.facilities() if each.facility_id == facility_id), None)

    def reviewed_by(self, at: datetime, facility_id: str) -> datetime:
        """The instant until which a message of a facility was reviewed, as is promised of one that comes in now."""
        zone = self.directory.facility(FacilityId(facility_id)).zone
        return replace(self.review, zone=zone).promised(at)

    def day(self, at: datetime, facility_id: str | None = None) -> date:
        """The local day at a facility, at the first one where none is named."""
        facilities = self.directory.facilities()
        if facility_id is not None:
            return local_day(at, self.directory.facility(FacilityId(facility_id)).zone)
        return local_day(at, facilities[0].zone if facilities else "UTC")
