"""The steps of a profile's call, in order, as texts: what is said, asked and waited for, and how it may end.

It follows `ivr.story` from top to bottom; `ivr.chart` draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from ivr.choices import AccountChoice
from ivr.menus import MENUS
from ivr.profile import Offer, Part, SpokenName
from ivr.profile_file import ProfileFile
from ivr.profile_show import SOME_CALL, SOMEBODY, every_word
from ivr.reasons import Reason
from ivr.third_party import Response
from ivr.words import Clips, Words
from prompts.catalog import Catalog
from prompts.tongue import tongue_of


class Side(Enum):
    """Whose telephone a step is at."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    ACCOUNT = "account"
    """Of whoever calls the account line: a call of its own."""


@dataclass(frozen=True, slots=True)
class Cap:
    """A key that does something."""

    key: str
    does: str
    is_unverified: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a step: words, and the key that they name."""

    text: str
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of the call: what leads there, and what is heard then."""

    why: str
    title: str
    told: tuple[str, ...]
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the call."""

    side: Side
    title: str
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    exits: tuple[Exit, ...] = ()
    repeats: bool = False
    """Whether it is said again where nothing, or something wrong, is pressed."""


DOUBT: Final = "*"


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one profile."""

    read: ProfileFile
    say: Words
    """In the first language of the profile."""
    catalog: Catalog

    @classmethod
    def of(cls, read: ProfileFile) -> Steps:
        """The steps of a profile that was read."""
        return cls(read, Words(read.profile), every_word())

    def all(self) -> list[Step]:
        """Every step up to the talk."""
        return [*self._inside(), self._ringing(), self._greeting(), *self._card()]

    def account_line(self) -> list[Step]:
        """What whoever pays hears on the account line, and may do there."""
        line, say = self.read.profile.account_line, self.say
        choices = [each for each in AccountChoice if line.deposits or each is not AccountChoice.DEPOSIT]
        caps = (self.cap(f"account_line.{each.value}_key", each.value) for each in choices)
        lines = tuple(Line(self._said(say.account_menu([each])), cap) for each, cap in zip(choices, caps, strict=True))
        notes = ["a call of its own; customer service where the configuration has any"]
        if line.deposits:
            most = f"${line.most}{self._mark('account_line.most')}, or the cap of payments,"
            notes.append(f"money by card where a processor is configured: {most} at most, in whole dollars")
        return [Step(Side.ACCOUNT, "Account line", lines, tuple(notes), repeats=True)]

    def _inside(self) -> list[Step]:
        return [
            *self._language(),
            self._pin(),
            *self._enrolment(),
            *self._menus(),
            self._payer(),
            self._number(),
            self._gates(),
        ]

    def cap(self, key: str, does: str) -> Cap | None:
        """The key of the section `keys`, `inside` or `account_line` that does something, None where there is none."""
        section, name = key.split(".")
        value = getattr(getattr(self.read.profile, section), name)
        return Cap(value, does, key in self.read.unverified) if value else None

    def span(self, key: str) -> str:
        """A time of the profile, in words."""
        section, name = key.split(".")
        return span(getattr(getattr(self.read.profile, section), name)) + self._mark(key)

    def told(self, reason: Reason) -> str:
        """What the person inside is told."""
        return self._said(self.say.reason(reason))

    def _pin(self) -> Step:
        profile = self.read.profile
        tries = self._count("inside.pin_tries", "wrong PIN", "wrong PINs")
        length = f"{profile.inside.pin_length}{self._mark('inside.pin_length')} digits"
        return Step(
            Side.INSIDE,
            "PIN",
            (Line(self._said((*self.say.welcome(), *self.say.enter_pin()))),),
            (f"{length}; {self._keys_time()}",),
            (Exit(tries, f"The station is locked for {self.span('inside.lockout')}", (self.told(Reason.BAD_PIN),)),),
            repeats=True,
        )

    def _language(self) -> list[Step]:
        """Asked only where there are several."""
        profile = self.read.profile
        if len(profile.languages) == 1:
            return []
        is_unverified = "inside.language_keys" in self.read.unverified
        lines = []
        for language, key in zip(profile.languages, profile.inside.language_keys, strict=False):
            said = self._said((*tongue_of(language).clips("language/to-continue"), *tongue_of(language).key(key)))
            lines.append(Line(said, Cap(key, language, is_unverified)))
        note = f"no key in {self.span('inside.first_key')}: the first one"
        return [Step(Side.INSIDE, "Language", tuple(lines), (note,))]

    def _enrolment(self) -> list[Step]:
        """What is done on a first call, or before every call."""
        inside, lines, notes = self.read.profile.inside, [], []
        if inside.pin_chosen:
            lines.append(Line(self._said(self.say.choose_pin())))
            notes.append("on the first call, twice")
        if inside.name is not SpokenName.CONFIGURED:
            lines.append(Line(self._said(self.say.say_name())))
            when = "on the first call" if inside.name is SpokenName.ONCE else "before every call"
            notes.append(f"the name is recorded {when}, for {self.span('inside.name_seconds')} at most")
        return [Step(Side.INSIDE, "Enrolment", tuple(lines), tuple(notes))] if lines else []

    def _menus(self) -> list[Step]:
        return [
            Step(Side.INSIDE, f"Menu: {name}", (), ((MENUS[name].__doc__ or "").strip(),))
            for name in self.read.profile.inside.menus
        ]

    def _payer(self) -> Step:
        keys = {"collect_key": "for-collect", "debit_key": "for-debit"}
        if self.read.profile.inside.balance_key is not None:
            keys["balance_key"] = "for-balance"
        return Step(
            Side.INSIDE,
            "Who pays",
            tuple(
                Line(self._said(self.say.tongue.clips(f"inside/{clip}")), self.cap(f"inside.{name}", clip))
                for name, clip in keys.items()
            ),
            ("asked of who dials 0; a number that is dialled at once is paid by the called party",),
            repeats=True,
        )

    def _number(self) -> Step:
        why = f"nothing in {self._count('inside.number_tries', 'try', 'tries')}"
        return Step(
            Side.INSIDE,
            "Number",
            (Line(self._said(self.say.enter_number())),),
            (f"10 or 11 digits, or 011 and a country; {self._keys_time()}",),
            (Exit(why, "No number", (self.told(Reason.NO_NUMBER),)),),
            repeats=True,
        )

    def _gates(self) -> Step:
        retry = self.read.profile.retry
        exits = [Exit("no", "The reason is told", (self.told(Reason.NOT_ON_LIST), self.told(Reason.NO_FUNDS), "…"))]
        if retry.wait:
            after = " or ".join(each.value for each in retry.after) + self._mark("retry.after")
            why = f"less than {self.span('retry.wait')} after it ended {after}"
            exits.append(Exit("too soon", f"Must wait: {why}", (self.told(Reason.TOO_SOON),)))
        return Step(
            Side.INSIDE,
            "May this call be made, and who pays it?",
            (),
            ("allowed list, blocks, limits, account: money for the first talk is held", "nobody is rung before"),
            tuple(exits),
        )

    def third_party(self) -> str:
        """What is done in the talk where a third party is suspected."""
        policy = self.read.profile.third_party
        ear = "listened to" if policy.listens else "not listened to"
        end = "ends the call" if policy.three_way is Response.CUT else "is noted with the call, which goes on"
        marks = self._mark("third_party.listens"), self._mark("third_party.three_way")
        return f"The called party's line is {ear} for a third party{marks[0]}; one that is suspected {end}{marks[1]}."

    def _ringing(self) -> Step:
        exits = [
            Exit(f"{self.span('outside.ringing')} over", "No answer", (self.told(Reason.NO_ANSWER),)),
            Exit("busy", "Busy", (self.told(Reason.BUSY),)),
        ]
        notes = ["the caller hears music until the call is accepted, and is not heard"]
        mark = self._mark("third_party.forwarded")
        if self.read.profile.third_party.forwarded is Response.CUT:
            exits.append(Exit("sent on", f"Forwarded to another number{mark}: both are released", ()))
        else:
            notes.append(f"that the number sends the call on is noted with it{mark}, and the call goes on")
        return Step(Side.OUTSIDE, "Ringing", (), tuple(notes), tuple(exits))

    def _greeting(self) -> Step:
        profile, caps = self.read.profile, self._choices()
        lines = tuple(
            Line(self._said(self.say.greeting_part(part, SOMEBODY, SOME_CALL)), caps.get(part))
            for part in profile.outside.greeting
        )
        price = f"{_shown(profile.keys.price)} tells the price, and the choices again"
        other = f"{_shown(profile.keys.language)} says it in another language" if profile.keys.language else ""
        again = f"no key in {self.span('outside.choice')}: the choices again"
        times = self._count("outside.repeats", "time", "times")
        silent = self._said(self.say.when_silent())
        stays, wait = self._said(self.say.tongue.clips("outside/stay-to-accept")), self.span("outside.choice")
        passive = f"a number set to accept passively hears {stays} and accepts with no key in {wait}"
        unannounced = "a number set to no greeting hears none: its answer accepts, and the call is free"
        exits = [Exit("hangs up", "Refused", (f"inside: {self.told(Reason.REFUSED)}",))]
        if caps.get(Part.REFUSE) is not None:
            exits[0] = Exit("or hangs up", "Refused", exits[0].told, caps[Part.REFUSE])
        if caps.get(Part.BLOCK) is not None:
            told = (self._said(self.say.blocked()), f"inside: {self.told(Reason.BLOCKED_BY_CALLEE)}")
            exits.append(Exit("", "Blocked: this number, from this facility", told, caps[Part.BLOCK]))
        exits += self._machine()
        told = (*((silent,) if silent else ()), f"inside: {self.told(Reason.NOT_ACCEPTED)}")
        exits.append(Exit(f"no key, {times}", "Not accepted: released, not billed", told))
        return Step(
            Side.OUTSIDE,
            "Greeting",
            lines,
            tuple(filter(None, (price, other, again, passive, unannounced))),
            tuple(exits),
            repeats=True,
        )

    def _machine(self) -> list[Exit]:
        """Where a machine is told by its sound, and released."""
        machine = self.read.profile.machine
        if not machine.hangs_up_on_sound:
            return []
        doubt = self._mark("machine.told_by")
        title = f"A machine{doubt}: released at once, not billed"
        heard = f"it speaks for {self.span('machine.speech')} without a pause, or beeps, before any key"
        return [Exit("machine heard", title, (heard, f"inside: {self.told(Reason.ANSWERING_MACHINE)}"))]

    def _card(self) -> list[Step]:
        """Where nobody can be billed: how the called party may pay all the same."""
        card = self.read.profile.card
        if not card.offers:
            return []
        offered = {Offer.ONECALL: ("for-this-call", "onecall_key"), Offer.SALE: ("for-account", "sale_key")}
        lines = [
            Line(self._said(self.say.card(clip)), self.cap(f"card.{key}", key))
            for clip, key in (offered[offer] for offer in card.offers)
        ]
        notes = ["after the accept key, and only where the number cannot be billed"]
        if card.courtesy:
            notes.append(f"the first call to such a number is free for {self.span('card.courtesy')}")
        out = Exit("not paid", "Nobody pays: released, not billed", (self.told(Reason.NOT_PAID),))
        return [Step(Side.OUTSIDE, "By card", tuple(lines), tuple(notes), (out,), repeats=True)]

    def _choices(self) -> dict[Part, Cap | None]:
        does = {Part.PRICE: "price", Part.ACCEPT: "accept", Part.REFUSE: "refuse", Part.BLOCK: "block"}
        return {part: self.cap(f"keys.{name}", name) for part, name in does.items()}

    def _keys_time(self) -> str:
        return f"{self.span('inside.first_key')} for the first key, {self.span('inside.next_key')} for the next"

    def _count(self, key: str, one: str, many: str) -> str:
        section, name = key.split(".")
        count = getattr(getattr(self.read.profile, section), name)
        return f"{count}{self._mark(key)} {one if count == 1 else many}"

    def _mark(self, key: str) -> str:
        return DOUBT if key in self.read.unverified else ""

    def _said(self, clips: Clips) -> str:
        return f"“{self.catalog.text(clips)}”" if clips else ""


def _shown(key: str) -> str:
    """A key among words, where `*` marks a doubt."""
    return key.replace("*", "✱")


def span(seconds: float) -> str:
    """A time in words: 45 s, 15 min, 1 min 30 s."""
    minutes, rest = divmod(seconds, 60)
    parts = [f"{minutes:g} min"] if minutes else []
    if rest or not parts:
        parts.append(f"{rest:g} s")
    return " ".join(parts)
