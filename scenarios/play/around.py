"""What happens around the telephones: the network, the switch itself, the wall clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import numpy as np

from scenarios.language.steps import ClockStep, NetworkStep, Restart, SwitchStep
from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio, silence, tone
from scenarios.play.actor import Actor
from scenarios.play.amending import file_names
from scenarios.play.errors import CannotActError
from scenarios.play.network import Wires
from scenarios.play.service import serve
from scenarios.play.setting import world_of
from scenarios.play.staff import oversee
from scenarios.play.stage import Stage
from scenarios.worlds.find import find_world

TOUCH_TONES: Final = {
    key: (low, high)
    for low, row in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}
"""ITU-T Q.23: the two frequencies of each key."""


async def happen(stage: Stage, kind: str, body: Any) -> None:
    """Let a step happen that is no telephone's.

    Raises:
        CannotActError: It cannot, at this moment or at all.
        NotHappenedError: The book took what it was to refuse, or refused.
    """
    match kind:
        case "network":
            _network(wires(stage), body)
        case "switch":
            await _switch(stage, body)
        case "customer service":
            await serve(stage, body)
        case "staff":
            await oversee(stage, body)
        case "clock":
            _clock(stage, body)
        case _:
            raise AssertionError(f"no kind {kind} of step")


def wires(stage: Stage) -> Wires:
    """The simulated network.

    Raises:
        CannotActError: The sockets are real.
    """
    if stage.wires is None:
        raise CannotActError("the network is changed in virtual time only; leave `live: true` out")
    return stage.wires


def drop_off(stage: Stage, actor: Actor) -> None:
    """Take a telephone off the network, without a word to anybody."""
    if stage.wires is None:
        actor.phone.drop_off()
    else:
        stage.wires.network.unplug(actor.name)


def come_back(stage: Stage, actor: Actor) -> None:
    """Put a telephone back on the network."""
    wires(stage).network.plug(actor.name)


def touch_tones(keys: str) -> Audio:
    """Keys as a telephone without events sends them: two tones for 100 ms each."""
    parts: list[Audio] = []
    for key in keys:
        low, high = (tone(hertz, 0.1, level_dbov=-10.0).astype(np.int32) for hertz in TOUCH_TONES[key])
        parts += [np.clip(low + high, -32768, 32767).astype(np.int16), silence(0.1)]
    assert parts, "keys are needed"
    assert sum(map(len, parts)) <= 64 * SAMPLES_PER_SECOND, "too many keys"
    return np.concatenate(parts)


def _network(wires: Wires, body: NetworkStep) -> None:
    for key in body.order:
        match key:
            case "links":
                _check_names(wires, (name.removeprefix("to ").removeprefix("from ") for name in body.links or {}))
                wires.change(body.links or {})
            case "cuts" | "heals" | "moves" | "rebinds":
                befall = {"cuts": wires.cut, "heals": wires.heal, "moves": wires.move, "rebinds": wires.rebind}[key]
                for name in _listed(getattr(body, key)):
                    _check_names(wires, [name])
                    befall(name)
            case "loses":
                for lost in body.loses if isinstance(body.loses, list) else [body.loses]:
                    assert lost is not None
                    wires.lose(lost)


def _check_names(wires: Wires, names: Iterable[str]) -> None:
    for name in names:
        if name not in {*wires.actors, "all"}:
            raise CannotActError(f"{name} is no telephone of this world")


async def _switch(stage: Stage, body: SwitchStep) -> None:
    for key in body.order:
        match key:
            case "stops":
                await stage.stop_switch()
            case "starts":
                await stage.start_switch()
                await stage.register_telephones()
            case "restarts":
                await stage.stop_switch()
                await _start_again(stage, body.restarts if isinstance(body.restarts, Restart) else Restart())
            case "killed":
                await stage.kill_switch()


async def _start_again(stage: Stage, changes: Restart) -> None:
    if changes.after is not None:
        await asyncio.sleep(changes.after.seconds)
    world = None
    if changes.tariffs is not None:
        scenario = stage.setting.scenario
        raw = {**stage.setting.raw, "tariffs": file_names(changes.tariffs, scenario)}
        world = world_of(raw, scenario, find_world(scenario.header.world, scenario.base).parent)
    await stage.start_switch(world)
    await stage.register_telephones()


def _clock(stage: Stage, body: ClockStep) -> None:
    if body.steps is not None:
        stage.clock_step += timedelta(seconds=body.steps.seconds)
    if body.steps_back is not None:
        stage.clock_step -= timedelta(seconds=body.steps_back.seconds)


def _listed(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())
