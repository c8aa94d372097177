"""A plan as the files a person would write: configuration, tariff and profile."""

from __future__ import annotations

from datetime import timedelta

from scenarios.swarm.facility_plan import BALANCE_KEY, HoursPlan, VelocityPlan
from scenarios.swarm.holders import LINE_NUMBER
from scenarios.swarm.house import NOON
from scenarios.swarm.model import MICROS
from scenarios.swarm.people import SECRET
from scenarios.swarm.plan import (
    FACILITY,
    FACILITY_FREE,
    HOUSEHOLD,
    PIN_LENGTH,
    SWITCH_HOST,
    CardPlan,
    HouseholdPlan,
    Plan,
)
from scenarios.swarm.service_plan import LinePlan, MailPlan

SILENCE_MAX_MEDIA = 15
"""Longer than anybody holds, shorter than patience."""
SILENCE_MAX_QUIET = 3600


def tariff_text(plan: Plan) -> str:
    """The tariff of every kind."""
    prices = plan.prices
    lines = [
        'name = "swarm"',
        "valid_from = 2020-01-01",
        'zone = "UTC"',
        f"first = {prices.first_seconds}",
        f"increment = {prices.increment_seconds}",
        f"minimum = {prices.minimum_seconds}",
        "[[rows]]",
        'place = "United States"',
        'prefixes = ["+1"]',
        f'per_minute = "{prices.per_minute:f}"',
    ]
    if prices.first_price is not None:
        lines.append(f'first_price = "{prices.first_price:f}"')
    lines.append(f'connection = "{prices.connection:f}"')
    return "\n".join(lines)


def profile_text(plan: Plan) -> str:
    """A profile with the limits of the plan."""
    return f"""
name = "swarm"
{'languages = ["en", "es"]' if plan.is_bilingual else ""}
[keys]
{'language = "8"' if plan.is_bilingual else ""}
{_inside_text(plan)}
[outside]
greeting = ["kind", "recorded", "price", "accept", "block"]
repeats = 2
choice = 4
ringing = 30
[talking]
limit = {plan.limit}
warnings = {list(plan.warnings)}
slice = {plan.slice}
{_card_text(plan.cards) if plan.cards is not None else ""}
{_line_text(plan.line) if plan.line is not None else ""}
[third_party]
three_way = "{"cut" if plan.facility.cuts_third_party else "flag"}"
"""


def _inside_text(plan: Plan) -> str:
    """How the people inside are known, and what they are told."""
    facility = plan.facility
    lines = ["[inside]", "pin_tries = 3", "lockout = 20"]
    if facility.pin_chosen:
        lines += [f"pin_length = {PIN_LENGTH + facility.pin_chosen}", f"pin_chosen = {facility.pin_chosen}"]
    lines += ['name = "once"'] if facility.name_once else []
    lines += [f'balance_key = "{BALANCE_KEY}"'] if facility.tells_balance else []
    return "\n".join(lines)


def _card_text(cards: CardPlan) -> str:
    """What a profile offers to numbers that cannot be billed."""
    lines = [
        "[card]",
        f"offers = {list(cards.offers)}",
        f"courtesy = {cards.courtesy}",
        f"amounts = {list(cards.amounts)}",
        f"answer = {cards.answer}",
    ]
    if cards.most is not None:
        lines.append(f'most = "{cards.most // MICROS}.{cards.most % MICROS // 10_000:02d}"')
    return "\n".join(lines)


def _line_text(line: LinePlan) -> str:
    """What a profile has for the family's line."""
    return "[account_line]\n" + ("deposits = false" if line.most is None else f"most = {line.most}")


def config_text(plan: Plan, ports: range, book: str) -> str:
    """The configuration of the switch."""
    silence = SILENCE_MAX_MEDIA if plan.has_media else SILENCE_MAX_QUIET
    parts = [
        f"""
tariffs = ["tariff.toml"]
priced_as_on = 2021-06-01
[switch]
listen = "{SWITCH_HOST}:5060"
[media]
listen = "{SWITCH_HOST}"
ports = [{ports[0]}, {ports[-1]}]
silence_max = {silence}
[book]
url = "sqlite+aiosqlite:///{book}"
[[facilities]]
id = "{FACILITY}"
profile = "profile.toml"
{_hours_text(plan.facility.hours) if plan.facility.hours is not None else ""}
[[facilities]]
id = "{FACILITY_FREE}"
profile = "profile.toml"
free = true
"""
    ]
    parts += [_velocity_text(index, limit) for index, limit in enumerate(plan.facility.velocity)]
    parts += [
        f'[[stations]]\nuser = "{station.user}"\npassword = "{SECRET}"\nfacility = "{station.facility}"\n'
        for station in plan.stations
    ]
    for person in plan.people:
        parts.append(f'[[people]]\nid = "{person.person}"\npin = "{person.pin}"\nfacility = "{person.facility}"\n')
        if person.allowed is not None:
            parts.append(f"allowed = {list(person.allowed)}\n")
        if person.debit is not None:
            parts.append(f'debit = "{amount(person.debit)}"\n')
        if person.limit is not None:
            parts.append(f"limit = {person.limit:.0f}\n")
    parts += _service_texts(plan)
    for number in plan.numbers:
        parts.append(f'[[phones]]\nnumber = "{number.number}"\n')
        if number.user is not None:
            parts.append(f'user = "{number.user}"\npassword = "{SECRET}"\n')
        if number.advancepay is not None:
            parts.append(f'advancepay = "{amount(number.advancepay)}"\n')
        parts.append(f"free = {str(number.is_free).lower()}\nprivileged = {str(number.is_privileged).lower()}\n")
        if number.limit is not None:
            parts.append(f"limit = {number.limit:.0f}\n")
        if not number.hears_greeting:
            parts.append('accepts = "answer"\n')
        elif number.is_passive:
            parts.append('accepts = "passive"\n')
        if number.line is not None:
            parts.append(f'[[lines]]\nprefix = "{number.number}"\ntype = "{number.line}"\n')
    return "".join(parts)


def _hours_text(hours: HoursPlan) -> str:
    """When calls are allowed: on the clock that shows noon when the run begins."""
    opens, closes = (NOON + timedelta(seconds=seconds) for seconds in (hours.opens, hours.closes))
    return f"""hours = ["Mon-Sun {opens:%H:%M}-{closes:%H:%M}"]
hours_end_talk = {str(hours.ends_talk).lower()}"""


def _velocity_text(index: int, limit: VelocityPlan) -> str:
    """One limit."""
    most = f"calls = {limit.calls}" if limit.calls is not None else f"minutes = {limit.minutes}"
    return f'[[velocity]]\nname = "limit-{index}"\nof = "{"person" if limit.of_person else "number"}"\n{most}\n'


def _household_text(plan: Plan, household: HouseholdPlan) -> str:
    """One account of several numbers."""
    lines = [
        "[[accounts]]",
        f'id = "{HOUSEHOLD}"',
        f"numbers = {[number.number for number in plan.numbers if number.is_household]}",
        f'deposit = "{amount(household.deposit)}"',
    ]
    if household.settles_after is not None:
        lines.append("settles_later = true")
    return "\n".join(lines) + "\n"


def _service_texts(plan: Plan) -> list[str]:
    """The family's line, cards, fees, accounts and messages."""
    parts: list[str] = []
    if plan.line is not None:
        parts.append(f'[[routes]]\naccount_line = "{LINE_NUMBER}"\n')
    if plan.takes_cards:
        parts.append('[payments]\nprocessor = "simulated"\n')
    parts += [f'[[fees]]\nchannel = "{name}"\nfee = "{amount(fee)}"\n' for name, fee in plan.fees.items() if fee]
    if plan.household is not None:
        parts.append(_household_text(plan, plan.household))
    parts.append(_billing_text(plan))
    if plan.mail is not None:
        parts.append(_mail_text(plan.mail))
    return parts


def _mail_text(mail: MailPlan) -> str:
    """What messages cost."""
    lines = ["[messages]", f"characters_per_credit = {mail.characters_per_credit}"]
    lines += ['rejected = "kept"'] if mail.keeps_rejected else []
    for credits_, price in mail.bundles:
        lines += ["[[messages.bundles]]", f"credits = {credits_}", f'price = "{amount(price)}"']
    return "\n".join(lines) + "\n"


def _billing_text(plan: Plan) -> str:
    """When calls are charged, and the most of one payment."""
    lines = ["[billing]"]
    if plan.household is not None and plan.household.settles_after is not None:
        lines.append(f"settles_after = {plan.household.settles_after}")
    if plan.counter is not None and plan.counter.cap is not None:
        lines.append(f'deposit_cap = "{amount(plan.counter.cap)}"')
    return "\n".join(lines) + "\n"


def amount(micros: int) -> str:
    """Micros as text of dollars."""
    return f"{micros // MICROS}.{micros % MICROS:06d}"
