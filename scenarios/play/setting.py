"""A scenario in its world: everything named is found, everything amended is in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from ivr.mistake import Mistake
from ivr.profile import Profile
from prompts.audio import Library
from prompts.catalog import LANGUAGES
from rating.locate import Lines
from scenarios.language.complaints import suggestion
from scenarios.language.expectations import Expect
from scenarios.language.scenario import KINDS, STATION, TOGETHER, WAIT, Scenario, Step
from scenarios.language.source import ScenarioError
from scenarios.language.steps import ActorStep, Machine, Softphone, SwitchStep, Tone
from scenarios.phones.loopback import own_host
from scenarios.play.amending import LOCALHOST, amend, in_scenario, in_seconds
from scenarios.play.ears import Ears, UnknownWordsError
from scenarios.play.softphones import Phones, unfit
from scenarios.play.telephones import Telephone
from scenarios.worlds.find import Raw, WorldError, find_world, read_world
from switch.app.config import Config, ConfigError, validate_config
from switch.app.world import World, build_world, deposits_of

BEGINS: Final = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)
"""The wall clock at the start where a scenario says nothing else: noon of a Tuesday."""


NAMED_DIGITS: Final = 7
"""The end of a number by which a scenario names it, however much of a code stands before: a North American line."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a scenario is played in."""

    scenario: Scenario
    raw: Raw
    """The configuration with its amendments."""
    world: World
    telephones: Mapping[str, Telephone]
    """Every telephone of the world, by the name of its actor."""
    ears: Ears
    begins: datetime
    is_live: bool
    phones: Phones = Phones.OWN
    """Whose telephones its people use."""

    @property
    def may_kill(self) -> bool:
        """Whether the switch may be killed: where the script says so, and by a program, which has none."""
        steps = list(_flat(self.scenario.steps))
        return not steps or any(isinstance(step.body, SwitchStep) and step.body.killed for step in steps)


def prepare(scenario: Scenario, *, is_live: bool, phones: Phones = Phones.OWN) -> Setting:
    """Find and check everything a scenario names.

    Raises:
        ScenarioError: With every mistake found.
    """
    header, source = scenario.header, scenario.source
    if phones is not Phones.OWN:
        _check_softphones(scenario)
    elif is_live and not header.live:
        raise ScenarioError((source.mistake(("live",), "is not true: it runs in virtual time alone"),))
    if is_live and any(home.behind_nat for home in header.network.values()):
        raise ScenarioError((source.mistake(("network",), "there is no NAT on sockets; leave `live: true` out"),))
    try:
        path = find_world(header.world, scenario.base)
        raw = read_world(path)
    except WorldError as error:
        raise ScenarioError((source.mistake(("world",), str(error)),)) from error
    amend(raw, scenario, live_host=None if not is_live else LOCALHOST if phones is Phones.OWN else own_host())
    try:
        world = world_of(raw, scenario, path.parent)
    except ConfigError as error:
        raise ScenarioError(tuple(in_scenario(each, scenario, raw) for each in error.mistakes)) from error
    telephones = {each.name: each for each in _telephones(world.config, scenario, is_live=is_live)}
    ears = Ears(world.library, list(world.profiles.values()))
    mistakes = list(_unknown(scenario, telephones, ears))
    if mistakes:
        raise ScenarioError(tuple(mistakes))
    return Setting(scenario, raw, world, telephones, ears, header.begins or BEGINS, is_live, phones)


def _check_softphones(scenario: Scenario) -> None:
    """See that it is meant for softphones, and that these can do all of it."""
    if not scenario.header.softphones:
        raise ScenarioError((scenario.source.mistake(("softphones",), "is not true: it is played by our own phones"),))
    if mistakes := unfit(scenario):
        raise ScenarioError(tuple(mistakes))


def world_of(raw: Raw, scenario: Scenario, base: Any) -> World:
    """The switch's world of a configuration, with the values of its profiles as the scenario has them.

    Raises:
        ConfigError: With every mistake found.
    """
    file = f"{scenario.file} (world {scenario.header.world})"
    config = validate_config(raw, file, Lines(""))
    own = config.prompts.overrides
    changes = scenario.header.profile
    spoken = [str(language) for language in changes.get("languages", ())]

    def shipped(languages: Sequence[str]) -> Library:
        return _shipped_words(tuple(dict.fromkeys((*languages, *spoken))))

    world = build_world(config, file, base, library=shipped if own is None else None)
    if not changes:
        return world
    profiles: dict[str, Profile] = {}
    for name, profile in world.profiles.items():
        values = profile.model_dump()
        for section, keys in changes.items():
            if isinstance(keys, list):  # In place of the profile's: languages, overlays.
                values[section] = [
                    {key: in_seconds(value) for key, value in each.items()} if isinstance(each, dict) else each
                    for each in keys
                ]
            else:
                values.setdefault(section, {}).update({key: in_seconds(value) for key, value in keys.items()})
        try:
            profiles[name] = Profile.model_validate(values)
        except ValidationError as error:
            raise ConfigError(
                tuple(
                    scenario.source.mistake(("profile", *item["loc"]), item["msg"].removeprefix("Value error, "))
                    for item in error.errors(include_url=False)
                )
            ) from error
    return replace(world, profiles=profiles, deposits=deposits_of(config, profiles))


@lru_cache(maxsize=4)
def _shipped_words(languages: tuple[str, ...]) -> Library:
    """The recordings that come with payphone, read once for all scenarios of a process."""
    first, *others = (LANGUAGES[language] for language in languages if language in LANGUAGES)
    library = Library(first, others=others)
    library.load_all()
    return library


def _telephones(config: Config, scenario: Scenario, *, is_live: bool) -> Iterable[Telephone]:
    """Every softphone of the configuration, each on a host of its own.

    Called ones that the scenario never names, themselves or by number, do not register: a tenth of its processor time.
    """
    options = scenario.header.telephones
    said = str(scenario.source.value)
    host = LOCALHOST if is_live else ""
    for index, station in enumerate(config.stations):
        name = f"{STATION}{station.user}"
        address = host or f"10.1.{index // 250}.{index % 250 + 1}"
        yield Telephone.of(
            name, station.user, station.password, address, options.get(name, Softphone()), is_registered=False
        )
    for index, row in enumerate(config.phones):
        if row.user is None or row.password is None:
            continue
        address = host or f"10.2.{index // 250}.{index % 250 + 1}"
        yield Telephone.of(
            row.user,
            row.user,
            row.password,
            address,
            options.get(row.user, Softphone()),
            number=row.number,
            is_registered=not scenario.steps or row.user in said or row.number[-NAMED_DIGITS:] in said,
        )


def _unknown(scenario: Scenario, telephones: Mapping[str, Telephone], ears: Ears) -> Iterable[Mistake]:
    """Names of the script that lead nowhere."""
    source = scenario.source
    for name in scenario.header.telephones:
        if name not in telephones:
            yield source.mistake(("telephones", name), f"there is no such telephone; {suggestion(name, telephones)}")
    for name in scenario.header.network:
        if name.removeprefix("to ").removeprefix("from ") not in {*telephones, "all"}:
            yield source.mistake(("network", name), f"there is no such telephone; {suggestion(name, telephones)}")
        elif scenario.header.network[name].behind_nat and name not in telephones:
            yield source.mistake(("network", name), "one telephone is behind a NAT, both ways; name it alone")
    after = scenario.header.after
    for key, flows in (("flow", after.flow), ("flow with retransmissions", after.flow_with_retransmissions)):
        for name in flows or {}:
            if name not in telephones:
                text = f"there is no such telephone; {suggestion(name, telephones)}"
                yield source.mistake(("after", key, name), text)
    for step in _flat(scenario.steps):
        if step.actor and step.actor not in telephones:
            known = [*telephones, *KINDS, WAIT, TOGETHER]
            yield Mistake(scenario.file, step.line, step.actor, f"nobody is called so; {suggestion(step.actor, known)}")
        if isinstance(step.body, ActorStep):
            yield from _unknown_words(scenario, step, step.body, ears)
        if isinstance(step.body, Expect) and step.body.of is not None and step.body.of not in telephones:
            text = f"there is no such telephone; {suggestion(step.body.of, telephones)}"
            yield Mistake(scenario.file, step.line, "expect.of", text)


def _unknown_words(scenario: Scenario, step: Step, body: ActorStep, ears: Ears) -> Iterable[Mistake]:
    machine = body.answers_by_machine
    said = machine.says if isinstance(machine, Machine) else None
    for key, words in (("speaks", body.speaks), ("hears", body.hears), ("not heard", body.not_heard), ("says", said)):
        if words is None or isinstance(words, Tone):
            continue
        for name in [words] if isinstance(words, str) else words:
            try:
                ears.phrases(name)
            except UnknownWordsError as error:
                yield Mistake(scenario.file, step.line, f"{step.actor}.{key}", str(error))


def _flat(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        if step.kind == TOGETHER:
            yield from _flat(step.body)
        else:
            yield step
