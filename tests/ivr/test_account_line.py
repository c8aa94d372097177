"""The family's line: balance, money added by card, block and customer service by keypad."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date

import pytest

from ivr.account_line import TURNS_MAX, account_line
from ivr.card_number import Card
from ivr.ports import CardAnswer, DepositTerms, HungUpError
from ivr.profile import AccountLine, Profile
from ivr.words import Words
from ledger.money import Money
from prompts.catalog import ClipId
from tests.support.story import HANG_UP, FakeParty

SAY = Words(Profile(name="own"))
VISA = ("4242424242424242", "1230", "123")
TERMS = DepositTerms(Money.from_text("50"), Money.from_text("3"))


class FakeHolder:
    """An account with some money, a processor that answers as told, and customer service that answers or does not."""

    def __init__(
        self,
        money: str | None = "1.25",
        service: bool | None = None,
        terms: DepositTerms | None = None,
        pays: Sequence[CardAnswer | None] = (),
    ) -> None:
        self._money = None if money is None else Money.from_text(money)
        self._service = service
        self._terms = terms
        self._pays = list(pays)
        self.blocks = 0
        self.log: list[str] = []

    async def deposit_terms(self) -> DepositTerms | None:
        return self._terms

    def today(self) -> date:
        return date(2026, 11, 22)

    @asynccontextmanager
    async def asking_for_card(self) -> AsyncIterator[None]:
        self.log.append("asking for a card")
        yield
        self.log.append("asked")

    async def deposit(self, card: Card, amount: Money, fee: Money) -> Money | CardAnswer:
        self.log.append(f"{amount} and {fee} by {card!r}")
        answer = self._pays.pop(0)
        if answer is not None:
            return answer
        assert self._money is not None
        self._money += amount
        return amount

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


async def test_the_keys_are_those_of_the_profile() -> None:
    line = AccountLine(balance_key="*1", deposit_key="4", block_key="0", service_key="9")
    say = Words(Profile(name="own", account_line=line))
    caller = FakeParty("*1", "0", "0", "4", "25#", "4", *VISA, "9")
    holder = FakeHolder(service=True, terms=TERMS, pays=[None])
    await account_line(caller, holder, say)
    assert holder.blocks == 1
    assert caller.heard.count(ClipId("account/has")) == 3, "at first, asked for, and once the money is there"
    assert caller.heard[-1] != say.goodbye()[-1], "customer service ended it"
    assert set(say.tongue.key("*1")) < set(caller.heard)


async def test_nobody_stays_for_ever() -> None:
    caller = FakeParty(*"1" * TURNS_MAX)
    await account_line(caller, FakeHolder(), SAY)
    assert caller.heard[-1] == "inside/goodbye"


def told(caller: FakeParty) -> list[str]:
    """What was said of the deposit and the card."""
    names = ("account/at-most", "account/adds", "account/charged", "account/added", "account/not-an-amount")
    return [clip for clip in caller.heard if clip in names or clip.startswith("card/")]


async def test_money_is_added_by_card_and_its_price_is_told_before_it_is_confirmed() -> None:
    caller, holder = FakeParty("2", "25#", "2", *VISA, ""), FakeHolder(terms=TERMS, pays=[None])
    await account_line(caller, holder, SAY)
    assert holder.log == ["asking for a card", "asked", "25 and 3 by Card(ending 4242)"]
    assert told(caller) == [
        "account/at-most", "card/fee-on-top", "account/adds", "account/charged",
        "card/enter-card-number", "card/enter-expiry", "card/enter-code", "card/please-wait", "account/added",
    ]  # fmt: skip
    charged = caller.heard.index(ClipId("account/charged"))
    assert caller.heard[charged + 1 : charged + 4] == ["number/28", "unit/dollars", "account/to-confirm"]
    added = caller.heard.index(ClipId("account/added"))
    assert caller.heard[added + 1 : added + 4] == ["account/has", "number/26", "unit/dollars-and"]


async def test_no_card_is_asked_for_without_an_account_that_takes_any() -> None:
    caller, holder = FakeParty("2", ""), FakeHolder(None)
    await account_line(caller, holder, SAY)
    assert "account/for-deposit" not in caller.heard
    assert not holder.log


@pytest.mark.parametrize("typed", ["51#", "100", "0#", "#", "*5#", ""])
async def test_an_amount_that_cannot_be_added_is_asked_for_anew(typed: str) -> None:
    caller, holder = FakeParty("2", typed, "50#", "2", *VISA, ""), FakeHolder(terms=TERMS, pays=[None])
    await account_line(caller, holder, SAY)
    assert told(caller)[:4] == ["account/at-most", "card/fee-on-top", "account/not-an-amount", "account/at-most"]
    assert holder.log[-1] == "50 and 3 by Card(ending 4242)"


@pytest.mark.parametrize(
    "keys",
    [
        ("2", "60#", "60#", "60#", ""),
        ("2", "25#", "", ""),
        ("2", "25#", "1", ""),
        ("2", "25#", "2", "4242424242424241", "", "", ""),
        ("2", "25#", "2", VISA[0], "1125", "1125", "1125", ""),
    ],
)
async def test_who_confirms_or_enters_nothing_that_is_right_pays_nothing(keys: tuple[str, ...]) -> None:
    holder = FakeHolder(terms=TERMS)
    await account_line(FakeParty(*keys), holder, SAY)
    assert not [line for line in holder.log if "Card" in line]


async def test_another_card_may_be_tried_where_one_is_declined_and_none_where_it_is_not_known() -> None:
    caller = FakeParty("2", "5#", "2", *VISA, "5555555555554444", *VISA[1:], "")
    holder = FakeHolder(terms=TERMS, pays=[CardAnswer.DECLINED, CardAnswer.UNKNOWN])
    await account_line(caller, holder, SAY)
    assert [line for line in holder.log if "Card" in line] == [
        "5 and 3 by Card(ending 4242)",
        "5 and 3 by Card(ending 4444)",
    ]
    assert [clip for clip in told(caller) if clip in {"card/declined", "card/not-checked", "account/added"}] == [
        "card/declined",
        "card/not-checked",
    ]


async def test_who_hangs_up_at_the_card_pays_nothing() -> None:
    holder = FakeHolder(terms=TERMS)
    with pytest.raises(HungUpError):
        await account_line(FakeParty("2", "25#", "2", VISA[0], HANG_UP), holder, SAY)
    assert holder.log == ["asking for a card"]
