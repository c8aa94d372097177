"""What the configuration says of prices becomes the `Pricing` of a switch, or mistakes with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ivr.mistake import Mistake
from rating import mistake as rates
from rating.allowance import Allowance, EveryDays, EveryMonth, FreeDays, Purpose
from rating.csv_deck import CSV_SUFFIX
from rating.deck import Deck
from rating.jurisdiction import PlaceTable
from rating.load import load_tariffs, shipped_tariffs
from rating.load_tax import load_taxes
from rating.place_table import area_codes, load_places
from rating.tax import TaxTable
from switch.app.billing_tables import AllowanceTable
from switch.app.config import Config
from switch.call.pricing import CollectLimits, Pricing

SECONDS_PER_MINUTE = 60


def load_pricing(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> Pricing:
    """Load every table the configuration names; relative paths start at `base`. Mistakes are added to the list."""
    places = _places(config, file, base, mistakes)
    mistakes += _nowhere(config, file, places)
    return Pricing(
        deck=_deck(config, file, base, mistakes),
        places=places,
        taxes=_taxes(config, file, base, mistakes),
        allowances=tuple(map(_allowance, config.allowances)),
        free_days=tuple(FreeDays(row.name, frozenset(row.days)) for row in config.free_days),
        collect_limits=CollectLimits(config.billing.collect_limit_carrier, config.billing.collect_limit_provider),
        settles_after=timedelta(seconds=config.billing.settles_after),
        as_on=config.priced_as_on,
    )


def _deck(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> Deck:
    shipped = shipped_tariffs()
    paths: list[tuple[Path, tuple[str, int]]] = []
    for index, name in enumerate(config.tariffs):
        if name.endswith((".toml", CSV_SUFFIX)):
            paths.append((base / name, ("tariffs", index)))
        elif name in shipped:
            paths.append((shipped[name], ("tariffs", index)))
        else:
            text = f"no such tariff; shipped are {', '.join(shipped)}, or give the path of your own .toml or .csv file"
            mistakes.append(Mistake(file, config.line("tariffs", index), f"tariffs[{index}]", f"{name!r}: {text}"))
    deck = load_tariffs(*(path for path, _ in paths))
    if isinstance(deck, Deck):
        return deck
    mistakes += _told(deck, config, file, dict(paths))
    return Deck(())


def _places(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> PlaceTable:
    """The shipped area codes, and the user's own tables before them."""
    if not (config.places or config.local_calls):
        return area_codes()
    places, local_calls = _named("places", config.places, base), _named("local_calls", config.local_calls, base)
    own = load_places([base / path for path in config.places], [base / path for path in config.local_calls])
    if isinstance(own, PlaceTable):
        return area_codes().merged(own)
    mistakes += _told(own, config, file, places | local_calls)
    return area_codes()


def _nowhere(config: Config, file: str, places: PlaceTable) -> Iterator[Mistake]:
    """Facilities of a state that no area code is in: every call of theirs would be one to another state."""
    known = places.states()
    for index, row in enumerate(config.facilities):
        if row.state is not None and row.state not in known:
            text = f'no area code is in {row.state!r}; write the postal code of a state, like "CT"'
            yield Mistake(file, config.line("facilities", index, "state"), f"facilities[{index}].state", text)


def _taxes(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> TaxTable:
    found = TaxTable()
    before = len(mistakes)
    named = _named("taxes", config.taxes, base)
    for index, path in enumerate(config.taxes):
        table = load_taxes(base / path)
        if not isinstance(table, TaxTable):
            mistakes += _told(table, config, file, named)
            continue
        place = Mistake(file, config.line("taxes", index), f"taxes[{index}]", "")
        mistakes += (replace(place, text=f"{path}: {text}") for text in _levied_twice(found, table))
        found = TaxTable(found.levies + table.levies, found.shares + table.shares)
    if len(mistakes) == before:
        mistakes += _untaxed(config, file, found)
    return found


def _levied_twice(one: TaxTable, other: TaxTable) -> Iterator[str]:
    """What the files before levy as well, or pay: nobody pays a tax twice for one call."""
    remedy = "is in a file before it as well, on some of the same days; keep one of the two"
    known = [(each.levy, each) for each in one.levies]
    for dated in other.levies:
        levy = dated.levy
        if any(
            (levy.kind, levy.jurisdiction, levy.name) == (first.kind, first.jurisdiction, first.name)
            and dated.period.meets(each.period)
            and dated.reaches & each.reaches
            for first, each in known
        ):
            yield f"the {levy.kind.value} {levy.name} of {levy.jurisdiction} {remedy}"
    for share in other.shares:
        if any(share.share.payer == each.share.payer and share.period.meets(each.period) for each in one.shares):
            yield f"the share of {share.share.payer} {remedy}"


def _untaxed(config: Config, file: str, taxes: TaxTable) -> Iterator[Mistake]:
    """Facilities that no file of taxes knows: their calls would be cheaper, or dearer, and nobody would know why."""
    levying = {each.levy.jurisdiction for each in taxes.levies}
    paying = {each.share.payer for each in taxes.shares}
    for index, row in enumerate(config.facilities):
        named = [("taxed_by", name, levying, "tax or fee of") for name in row.taxed_by]
        if row.state_pays is not None:
            named.append(("state_pays", row.state_pays, paying, "share of"))
        for key, name, known, what in named:
            if name not in known:
                text = f"no file of taxes has a {what} {name!r}; known: {', '.join(sorted(known)) or 'none'}"
                yield Mistake(file, config.line("facilities", index, key), f"facilities[{index}].{key}", text)


def _allowance(row: AllowanceTable) -> Allowance:
    match row.every:
        case "month":
            cycle: EveryDays | EveryMonth = EveryMonth()
        case "day":
            cycle = EveryDays(1, row.since)
        case days:
            cycle = EveryDays(days, row.since)
    return Allowance(row.name, Purpose(row.purpose), row.minutes * SECONDS_PER_MINUTE, cycle, row.since, row.until)


def _named(key: str, paths: Sequence[str], base: Path) -> dict[Path, tuple[str, int]]:
    """Files, each with its place in the configuration."""
    return {base / path: (key, index) for index, path in enumerate(paths)}


def _told(
    found: Sequence[rates.Mistake], config: Config, file: str, named: Mapping[Path, tuple[str, int]]
) -> Iterator[Mistake]:
    """What is wrong in a file is told with its line; what is wrong with all of it, with the line that names it."""
    for each in found:
        text = f"{each.what}; {each.remedy}"
        place = named.get(Path(each.file)) if each.line is None else None
        if place is None:
            yield Mistake(str(each.file), each.line, each.key, text)
        else:
            yield Mistake(file, config.line(*place), f"{place[0]}[{place[1]}]", f"{each.file}: {text}")
