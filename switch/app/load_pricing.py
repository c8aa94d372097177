"""What the configuration says of prices becomes the `Pricing` of a switch, or mistakes with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

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
from switch.app.config import Config, Mistake
from switch.call.pricing import CollectLimits, Pricing

SECONDS_PER_MINUTE = 60


def load_pricing(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> Pricing:
    """Load every table the configuration names; relative paths start at `base`. Mistakes are added to the list."""
    return Pricing(
        deck=_deck(config, file, base, mistakes),
        places=_places(config, base, mistakes),
        taxes=_taxes(config, base, mistakes),
        allowances=tuple(map(_allowance, config.allowances)),
        free_days=tuple(FreeDays(row.name, frozenset(row.days)) for row in config.free_days),
        collect_limits=CollectLimits(config.billing.collect_limit_carrier, config.billing.collect_limit_provider),
        settles_after=timedelta(seconds=config.billing.settles_after),
        as_on=config.priced_as_on,
    )


def _deck(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> Deck:
    shipped = shipped_tariffs()
    paths: list[Path] = []
    for index, name in enumerate(config.tariffs):
        if name.endswith((".toml", CSV_SUFFIX)):
            paths.append(base / name)
        elif name in shipped:
            paths.append(shipped[name])
        else:
            text = f"no such tariff; shipped are {', '.join(shipped)}, or give the path of your own .toml or .csv file"
            mistakes.append(Mistake(file, config.line("tariffs", index), f"tariffs[{index}]", f"{name!r}: {text}"))
    deck = load_tariffs(*paths)
    if isinstance(deck, Deck):
        return deck
    _tell(deck, mistakes)
    return Deck(())


def _places(config: Config, base: Path, mistakes: list[Mistake]) -> PlaceTable:
    """The shipped area codes, and the user's own tables before them."""
    if not (config.places or config.local_calls):
        return area_codes()
    own = load_places([base / path for path in config.places], [base / path for path in config.local_calls])
    if isinstance(own, PlaceTable):
        return area_codes().merged(own)
    _tell(own, mistakes)
    return area_codes()


def _taxes(config: Config, base: Path, mistakes: list[Mistake]) -> TaxTable:
    found = TaxTable()
    for path in config.taxes:
        table = load_taxes(base / path)
        if isinstance(table, TaxTable):
            found = TaxTable(found.levies + table.levies, found.shares + table.shares)
        else:
            _tell(table, mistakes)
    return found


def _allowance(row: AllowanceTable) -> Allowance:
    match row.every:
        case "month":
            cycle: EveryDays | EveryMonth = EveryMonth()
        case "day":
            cycle = EveryDays(1, row.since)
        case days:
            cycle = EveryDays(days, row.since)
    return Allowance(row.name, Purpose(row.purpose), row.minutes * SECONDS_PER_MINUTE, cycle, row.since, row.until)


def _tell(found: Sequence[rates.Mistake], mistakes: list[Mistake]) -> None:
    mistakes += [Mistake(str(each.file), each.line, each.key, f"{each.what}; {each.remedy}") for each in found]
