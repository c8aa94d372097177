"""The words of each moment of the story, as clips.

What is said is decided here and in the profile's order; how it sounds is the business of `prompts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

from ivr.choices import AccountChoice
from ivr.ports import Admission, Balance, DepositTerms, Person
from ivr.profile import Offer, Overlay, Part, Profile
from ivr.reasons import Reason
from ledger.money import Money
from prompts.catalog import ClipId
from prompts.parts import PAUSE_LONG
from prompts.tongue import Tongue, tongue_of

Clips = tuple[ClipId, ...]

HOLD_AUDIO: Final = ClipId("hold/music")
BEEP: Final = ClipId("tone/beep")


class Words:
    """What one person hears: the words of a profile in their language."""

    __slots__ = ("profile", "tongue")

    def __init__(self, profile: Profile, language: str | None = None) -> None:
        """`language` is the first of the profile if left out."""
        self.profile = profile
        self.tongue: Tongue = tongue_of(language or profile.languages[0])

    # The person inside.

    def welcome(self) -> Clips:
        """The first words inside."""
        return self.tongue.clips("inside/welcome", self.profile.outside.provider)

    def enter_pin(self) -> Clips:
        """Ask for the PIN."""
        return self.tongue.clips("inside/enter-pin")

    def bad_pin(self) -> Clips:
        """Ask for the PIN again."""
        return self.tongue.clips("inside/pin-not-valid", "inside/enter-pin")

    def choose_pin(self) -> Clips:
        """Ask a person who calls for the first time for the rest of their PIN."""
        wanted = self.tongue.count(self.profile.inside.pin_chosen)
        return (*self.tongue.clips("inside/choose-pin"), *wanted, *self.tongue.clips("inside/more-digits"))

    def choose_pin_again(self) -> Clips:
        """Ask for the chosen digits once more."""
        return self.tongue.clips("inside/same-digits-again")

    def pins_differ(self) -> Clips:
        """The two were not the same."""
        return (*self.tongue.clips("inside/digits-differ"), *self.choose_pin())

    def pin_chosen(self) -> Clips:
        """The PIN is complete."""
        return self.tongue.clips("inside/pin-chosen")

    def pin_taken(self) -> Clips:
        """Somebody else was faster to choose the rest of the PIN."""
        return self.tongue.clips("inside/pin-taken")

    def say_name(self) -> Clips:
        """Ask for the name, to be spoken after the tone."""
        return self.tongue.clips("inside/say-name")

    def name_not_heard(self) -> Clips:
        """Nothing was heard where a name should be."""
        return self.tongue.clips("inside/name-not-heard")

    def what_next(self) -> Clips:
        """The choice between collect and debit, and of hearing the balance where the profile offers it."""
        inside = self.profile.inside
        said = (
            *self._press("inside/for-collect", inside.collect_key),
            *self._press("inside/for-debit", inside.debit_key),
        )
        return said if inside.balance_key is None else (*said, *self._press("inside/for-balance", inside.balance_key))

    def balance(self, balance: Balance) -> Clips:
        """What the person has: money of their own, and free talk that is left."""
        said: Clips = ()
        if balance.money is not None:
            said = self.own_money(balance.money.decimal)
        for free in balance.free:
            left = self.tongue.clips("inside/of-free-calls")
            said += (*self.tongue.clips("inside/you-have"), *self.tongue.duration(free), *left)
        return said or self.tongue.clips("inside/you-have-nothing")

    def own_money(self, dollars: Decimal) -> Clips:
        """An amount in an account of the one who hears it."""
        amount = self.tongue.amount(dollars)
        return (*self.tongue.clips("inside/you-have"), *amount, *self.tongue.clips("inside/in-your-account"))

    def enter_number(self) -> Clips:
        """Ask for the number to call."""
        return self.tongue.clips("inside/enter-number")

    def invalid_number(self) -> Clips:
        """Ask for the number again."""
        return self.tongue.clips("reason/invalid-number", "inside/enter-number")

    def reason(self, why: Reason) -> Clips:
        """Why the call did not go through: the profile's own words, or the usual ones."""
        return self.tongue.clips(*self.profile.reasons.get(why, (f"reason/{why.value}",)))

    # The called party.

    def greeting(self, person: Person, admission: Admission) -> Clips:
        """All of the greeting, in the order of the profile."""
        return (*self._parts(lambda part: self.greeting_part(part, person, admission)), *self._other_language())

    def choices(self) -> Clips:
        """Only the keys, as they are repeated."""
        return (*self._parts(self._choice), *self._other_language())

    def passive_greeting(self, person: Person, admission: Admission) -> Clips:
        """The greeting of a number that accepts by staying on the line: all but the key to accept."""
        told = self._parts(lambda part: () if part is Part.ACCEPT else self.greeting_part(part, person, admission))
        return (*told, *self.tongue.clips("outside/stay-to-accept"))

    def passive_choices(self) -> Clips:
        """What is repeated where staying on the line accepts."""
        told = self._parts(lambda part: () if part is Part.ACCEPT else self._choice(part))
        return (*told, *self.tongue.clips("outside/stay-to-accept"))

    def blocked(self) -> Clips:
        """The block stands."""
        return self.tongue.clips("outside/now-blocked", "outside/goodbye")

    def when_silent(self) -> Clips:
        """The last words to whoever pressed nothing."""
        return self.tongue.clips(*self.profile.outside.when_silent)

    def price(self, admission: Admission) -> Clips:
        """The price, told to the one who is billed (47 CFR 64.710); quotes exclude taxes and say so."""
        return self.tongue.price(admission.first_minute.decimal, admission.each_minute.decimal)

    # The holder of an account, who calls.

    def account_welcome(self) -> Clips:
        """The first words of the family's line."""
        return self.tongue.clips("account/welcome", self.profile.outside.provider)

    def account_balance(self, money: Money | None) -> Clips:
        """What the account has."""
        if money is None:
            return self.tongue.clips("account/no-account")
        return (*self.tongue.clips("account/has"), *self.tongue.amount(money.decimal))

    def account_menu(self, choices: Iterable[AccountChoice]) -> Clips:
        """The choices, each with its key."""
        keys = self.profile.account_line.keys
        return tuple(clip for each in choices for clip in self._press(f"account/for-{each.value}", keys[each]))

    def account_confirm(self, choice: AccountChoice) -> Clips:
        """Ask for the same key once more."""
        return self._press("account/to-confirm", self.profile.account_line.keys[choice])

    def deposit_amount(self, terms: DepositTerms) -> Clips:
        """Ask for whole dollars; the most that is taken and the fee are told before (S3-1, S3-7)."""
        most = (*self.tongue.clips("account/at-most"), *self.tongue.amount(terms.most.decimal))
        return (*most, *self._fee("card/fee-on-top", terms.fee), *self.tongue.clips("account/enter-dollars"))

    def deposit_charged(self, amount: Money, fee: Money) -> Clips:
        """What is added and what the card is charged for it, and the key that confirms it."""
        adds = (*self.tongue.clips("account/adds"), *self.tongue.amount(amount.decimal))
        charged = (*self.tongue.clips("account/charged"), *self.tongue.amount((amount + fee).decimal))
        return (*adds, *charged, *self.account_confirm(AccountChoice.DEPOSIT))

    def account_clips(self, name: str) -> Clips:
        """One of the line's own sentences."""
        return self.tongue.clips(f"account/{name}")

    def goodbye(self) -> Clips:
        """The last word."""
        return self.tongue.clips("inside/goodbye")

    # The called party that is to pay by card.
    def offers(self, admission: Admission) -> Clips:
        """How the call may be paid by card, and with which keys."""
        card = self.profile.card
        told = {
            Offer.ONECALL: self._press("card/for-this-call", card.onecall_key),
            Offer.SALE: self._press("card/for-account", card.sale_key),
        }
        return tuple(clip for offer in admission.offers for clip in told[offer])

    def charged_at_most(self, admission: Admission) -> Clips:
        """What this call can cost, before its card is asked for (47 CFR 64.710)."""
        most = (*self.tongue.clips("card/charged"), *self.tongue.amount(admission.at_most.decimal))
        return (*self.price(admission), *most, *self._fee("card/fee", admission.fee))

    def deposits(self, admission: Admission) -> Clips:
        """The deposits to choose from, and the fee of each (S3-7)."""
        said = self._fee("card/fee-on-top", admission.fee)
        for number, dollars in enumerate(self.profile.card.amounts, start=1):
            said += (*self.tongue.clips("card/for-deposit"), *self.tongue.amount(Decimal(dollars)))
            said += self._press("card/press", str(number))
        return said

    def account_opened(self, deposit: Money) -> Clips:
        """That the account was opened, and what it holds."""
        return (*self.tongue.clips("card/account-opened"), *self.tongue.amount(deposit.decimal))

    def card(self, name: str) -> Clips:
        """Words of the section `card` of the catalog, such as `enter-code`."""
        return self.tongue.clips(f"card/{name}")

    def courtesy_ends(self) -> Clips:
        """Over the conversation: how to receive more calls than this one."""
        return self.tongue.clips("card/courtesy-ends")

    # Over the conversation.

    def time_left(self, remaining: timedelta) -> Clips:
        """A warning: the profile's own words for these seconds, or the usual ones."""
        own = self.profile.talking.warning_words.get(f"{remaining.total_seconds():.0f}")
        return self.tongue.time_left(remaining) if own is None else self.tongue.clips(*own)

    def overlay(self, due: Overlay) -> Clips:
        """What is said again and again."""
        return self.tongue.clips(*due.words)

    def money_ends(self, remaining: timedelta) -> Clips:
        """The final unit, with the way to a longer talk (RFC 8506 §5.6.2)."""
        left = self.tongue.time_left(remaining)
        return (*self.tongue.clips("talk/money-ends"), *left, *self.tongue.clips("talk/top-up"))

    def _parts(self, said: Callable[[Part], Clips]) -> Clips:
        return tuple(clip for part in self.profile.outside.greeting for clip in said(part))

    def greeting_part(self, part: Part, person: Person, admission: Admission) -> Clips:
        """One part of the greeting; name and facility are one sentence where they follow each other."""
        clips, order = self.tongue.clips, self.profile.outside.greeting
        before = order[: order.index(part)][-1:]
        after = order[order.index(part) + 1 :][:1]
        match part:
            case Part.PROVIDER:
                return clips("outside/call-through", self.profile.outside.provider)
            case Part.KIND:
                return clips(f"kind/{admission.kind.value}")
            case Part.NAME:
                begins = "outside/caller-is" if before == (Part.FACILITY,) else "outside/from"
                return (*clips(begins), *person.name, *(() if after == (Part.FACILITY,) else (PAUSE_LONG,)))
            case Part.FACILITY:
                return (*clips("outside/at" if before == (Part.NAME,) else "outside/from"), *admission.facility)
            case Part.RECORDED:
                return clips("outside/not-recorded" if admission.is_privileged else "outside/recorded")
            case _:
                return self._choice(part)

    def _choice(self, part: Part) -> Clips:
        keys = self.profile.keys
        match part:
            case Part.PRICE:
                return self._press("outside/hear-price", keys.price)
            case Part.ACCEPT:
                return self._press("outside/accept", keys.accept)
            case Part.REFUSE if keys.refuse is None:
                return self.tongue.clips("outside/refuse-by-hanging-up")
            case Part.REFUSE:
                return self._press("outside/refuse", keys.refuse or "")
            case Part.BLOCK if keys.block:
                return self._press("outside/block", keys.block)
            case _:
                return ()

    def _other_language(self) -> Clips:
        """The key that changes the language, said in the one it leads to."""
        key = self.profile.keys.language
        if key is None:
            return ()
        other = tongue_of(next_language(self.profile, self.tongue.language))
        return (*other.clips("language/to-hear-this"), *other.key(key))

    def _fee(self, why: str, fee: Money) -> Clips:
        """What a payment by card costs; nothing where it costs nothing."""
        return (*self.tongue.clips(why), *self.tongue.amount(fee.decimal)) if fee else ()

    def _press(self, why: str, key: str) -> Clips:
        return (*self.tongue.clips(why), *self.tongue.key(key))


def languages(profile: Profile) -> Clips:
    """The choice of a language, each offered in its own words."""
    said: list[ClipId] = []
    for language, key in zip(profile.languages, profile.inside.language_keys, strict=False):
        tongue = tongue_of(language)
        said += (*tongue.clips("language/to-continue"), *tongue.key(key))
    return tuple(said)


def next_language(profile: Profile, language: str) -> str:
    """The language that follows one in the order of the profile; after the last comes the first."""
    at = profile.languages.index(language)
    return profile.languages[(at + 1) % len(profile.languages)]
