"""What can keep a phone from doing what its owner wants."""

from switch.leg.events import Cause


class PhoneError(Exception):
    """The phone cannot do this."""


class CallEndedError(PhoneError):
    """The call is over, so what was asked of it cannot happen any more."""

    def __init__(self, cause: Cause, status: int | None) -> None:
        super().__init__(f"the call is over: {cause.value}" + (f" ({status})" if status else ""))
        self.cause = cause
        self.status = status


class CannotDoError(PhoneError):
    """This make of telephone has no way to do that at all."""


class RegistrationError(PhoneError):
    """The registrar said no, or nothing (408)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"not registered: {status} {reason}")
        self.status = status


class ReofferRefusedError(PhoneError):
    """The peer refused to hold or resume, or asked at the same moment (491); the call stays as it was."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the peer refused the change: {status}")
        self.status = status
