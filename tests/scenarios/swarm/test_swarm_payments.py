"""The model of what customer service takes in, judged by examples a person can check by hand."""

from __future__ import annotations

import pytest

from scenarios.swarm.payments_model import Asked, Booking, Counted, PaymentModel

FEES = {"web": 5_950_000, "mail": 0}
CAP = 50_000_000
MOVED = {"cash:web": -30_950_000, "advancepay:+1": 25_000_000, "income:fees:web": 5_950_000}
LINE = Counted("holder", "advancepay:+1", "web", 25_000_000)


def asked(*answers: str, micros: int = 25_000_000, is_customer: bool = True) -> Asked:
    return Asked("p", "holder", "advancepay:+1", "web", micros, is_customer, list(answers))


def booked(moved: dict[str, int] = MOVED, *, memo: str = "holder, by kim") -> list[Booking]:
    return [Booking("p", moved, memo)]


@pytest.mark.parametrize(
    ("payment", "bookings", "log"),
    [
        (asked("booked"), booked(), [LINE]),
        (asked("booked", "booked before", "booked before"), booked(), [LINE]),
        (asked("OVER_CAP", micros=CAP + 1), [], []),
        (asked("create the account", is_customer=False), [], []),
    ],
)
def test_right_payments_are_found_right(payment: Asked, bookings: list[Booking], log: list[Counted]) -> None:
    assert PaymentModel(FEES, CAP).judge([payment], bookings, log) == []


@pytest.mark.parametrize(
    ("payment", "bookings", "log", "words"),
    [
        (asked("booked", "booked"), booked(), [LINE], "must be ['booked', 'booked before']"),
        (asked("OVER_CAP", micros=CAP), [], [], "must be ['booked']"),
        (asked("booked", micros=CAP + 1), booked(), [LINE], "must be ['OVER_CAP']"),
        (asked("OVER_CAP", micros=CAP + 1), booked(), [], "was refused, and is booked"),
        (asked("booked", is_customer=False), [], [], "must be ['create the account']"),
        (asked("booked"), [], [LINE], "is booked as None"),
        (asked("booked"), booked({**MOVED, "income:fees:web": 0}), [LINE], "and must be as"),
        (asked("booked"), booked(memo="by kim"), [LINE], "without who paid"),
        (asked("booked"), booked(), [], "the log of agents"),
        (asked("booked"), booked(), [LINE, LINE], "the log of agents"),
    ],
)
def test_a_wrong_payment_is_a_fault(payment: Asked, bookings: list[Booking], log: list[Counted], words: str) -> None:
    found = PaymentModel(FEES, CAP).judge([payment], bookings, log)
    assert any(words in fault for fault in found), found


def test_fees_of_what_was_booked_are_earned_once() -> None:
    model = PaymentModel(FEES, CAP)
    model.judge([asked("booked", "booked before")], booked(), [LINE])
    assert model.earned == 5_950_000
