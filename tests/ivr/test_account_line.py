"""The family's line: balance, block and customer service by keypad."""

from __future__ import annotations

from ivr.account_line import TURNS_MAX, account_line
from ivr.profile import Profile
from ivr.words import Words
from ledger.money import Money
from prompts.catalog import ClipId
from tests.support.story import FakeParty

SAY = Words(Profile(name="own"))


class FakeHolder:
    """An account with some money, and customer service that answers or does not."""

    def __init__(self, money: str | None = "1.25", service: bool | None = None) -> None:
        self._money = None if money is None else Money.from_text(money)
        self._service = service
        self.blocks = 0

    @property
    def has_customer_service(self) -> bool:
        return self._service is not None

    async def balance(self) -> Money | None:
        return self._money

    async def block(self) -> None:
        self.blocks += 1

    async def customer_service(self) -> bool:
        return bool(self._service)


async def test_the_balance_is_told_first_and_again_on_request() -> None:
    caller = FakeParty("1", "")
    await account_line(caller, FakeHolder(), SAY)
    assert caller.heard.count(ClipId("account/has")) == 2
    assert caller.heard[-1] == "inside/goodbye"


async def test_a_number_without_an_account_is_told_so_and_may_block() -> None:
    caller, holder = FakeParty("3", "3", ""), FakeHolder(None)
    await account_line(caller, holder, SAY)
    assert "account/no-account" in caller.heard
    assert holder.blocks == 1


async def test_one_press_does_not_block() -> None:
    holder = FakeHolder()
    await account_line(FakeParty("3", "1", ""), holder, SAY)
    assert not holder.blocks


async def test_customer_service_is_offered_where_there_is_any_and_ends_the_line() -> None:
    caller = FakeParty("0")
    await account_line(caller, FakeHolder(service=True), SAY)
    assert caller.heard[-2:] == ["account/for-service", "key/0"]
    alone = FakeParty("0")
    await account_line(alone, FakeHolder(), SAY)
    assert "account/for-service" not in alone.heard


async def test_who_reaches_nobody_comes_back_to_the_menu() -> None:
    caller = FakeParty("0", "")
    await account_line(caller, FakeHolder(service=False), SAY)
    assert "account/nobody-answers" in caller.heard


async def test_an_unknown_telephone_hears_no_balance() -> None:
    caller = FakeParty()
    await account_line(caller, None, SAY)
    assert caller.heard[-1] == "account/unknown-telephone"


async def test_nobody_stays_for_ever() -> None:
    caller = FakeParty(*"1" * TURNS_MAX)
    await account_line(caller, FakeHolder(), SAY)
    assert caller.heard[-1] == "inside/goodbye"
