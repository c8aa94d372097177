import random

import pytest

from scenarios.phones.errors import RegistrationError
from scenarios.phones.phone import Line, Phone
from scenarios.sim.links import Link
from scenarios.sim.network import Network
from switch.leg.events import Cause, Ended
from tests.support.registrar import open_registrar

SERVER, HERE = "10.0.0.1", "10.0.0.2"


def phone(password: str = "secret") -> Phone:
    line = Line("jordan", password, server=(SERVER, 5060), host=HERE, port=5070)
    return Phone(line, random.Random(7))


async def test_a_phone_registers_its_contact_with_its_password() -> None:
    registrar = await open_registrar(SERVER)
    async with phone() as jordan:
        assert await jordan.register(seconds=600) == 600
        assert registrar.contacts == {"jordan": ("sip:jordan@10.0.0.2:5070", 600)}
        first, second = registrar.requests
        assert "Authorization" not in first.headers
        assert str(first.to.uri) == "sip:jordan@10.0.0.1"
        assert (first.cseq.number + 1, first.call_id) == (second.cseq.number, second.call_id)


async def test_a_phone_that_registers_again_goes_on_counting() -> None:
    registrar = await open_registrar(SERVER)
    async with phone() as jordan:
        await jordan.register()
        await jordan.register()
        await jordan.unregister()
        numbers = [request.cseq.number for request in registrar.requests]
        assert numbers == sorted(set(numbers))
        assert len({request.call_id for request in registrar.requests}) == 1
        assert registrar.contacts["jordan"][1] == 0


async def test_a_registrar_that_wants_longer_gets_it() -> None:
    registrar = await open_registrar(SERVER, seconds_min=300)
    async with phone() as jordan:
        assert await jordan.register(seconds=10) == 300
        assert registrar.contacts["jordan"][1] == 300


async def test_a_wrong_password_is_refused_after_one_try() -> None:
    registrar = await open_registrar(SERVER)
    async with phone("guess") as jordan:
        with pytest.raises(RegistrationError, match="401"):
            await jordan.register()
        assert len(registrar.requests) == 2
        with pytest.raises(RegistrationError, match="401"):
            await jordan.unregister()


async def test_a_silent_registrar_counts_as_timed_out() -> None:
    await open_registrar(SERVER, is_silent=True)
    async with phone() as jordan:
        with pytest.raises(RegistrationError) as caught:
            await jordan.register()
        assert caught.value.status == 408
        assert jordan.agent.now() == pytest.approx(32)


async def test_registering_survives_a_lossy_network(network: Network) -> None:
    network.link_both(SERVER, HERE, Link(delay=0.05, loss=0.3))
    registrar = await open_registrar(SERVER)
    async with phone() as jordan:
        assert await jordan.register() == 3600
        assert "jordan" in registrar.contacts


async def test_a_call_through_the_server_answers_its_challenge() -> None:
    await open_registrar(SERVER)
    async with phone() as jordan:
        call = await jordan.dial("12125550123")
        assert str(call.request.uri) == "sip:12125550123@10.0.0.1"
        assert await call.wait_for_end() == Ended(Cause.NO_ROUTE, 404)
    async with phone("guess") as jordan:
        call = await jordan.dial("12125550123")
        assert (await call.wait_for_end()).status == 407


async def test_what_is_shown_of_a_registration_hides_the_digest() -> None:
    await open_registrar(SERVER)
    shown: list[str] = []
    async with phone() as jordan:
        jordan.observe(lambda observed: shown.append(str(observed.message.headers)))
        await jordan.register()
        jordan.observe(None)
    assert len(shown) == 4
    assert not any("response=" in headers for headers in shown)
