import asyncio
import random
import socket
from contextvars import ContextVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.sim.links import Link
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Fate, Network, Passage
from tests.support.sockets import Listener, open_listener

NORTH, SOUTH, EAST = "10.0.0.1", "10.0.0.2", "10.0.0.3"


async def send_many(source: Listener, target: Listener, count: int, spacing: float = 0.02) -> None:
    for number in range(count):
        source.send(number.to_bytes(4), target.address)
        await asyncio.sleep(spacing)
    await asyncio.sleep(1)


async def numbers_over(network: Network, link: Link, count: int) -> list[int]:
    network.link(NORTH, SOUTH, link)
    north, south = await open_listener(NORTH), await open_listener(SOUTH)
    await send_many(north, south, count)
    return [int.from_bytes(data) for data in south.datagrams]


async def test_a_datagram_arrives_after_the_delay_of_its_link(network: Network) -> None:
    network.link(NORTH, SOUTH, Link(delay=0.04))
    north, south = await open_listener(NORTH, 5060), await open_listener(SOUTH, 5062)
    north.send(b"hello", (SOUTH, 5062))
    await asyncio.sleep(1)
    assert south.heard == [(b"hello", (NORTH, 5060))]
    assert south.instants == [0.04]


async def test_everybody_shares_the_loopback_addresses() -> None:
    one, other = await open_listener("127.0.0.1"), await open_listener("127.0.0.2", 5060)
    one.send(b"hello", ("127.0.0.2", 5060))
    await asyncio.sleep(0.1)
    assert other.heard == [(b"hello", one.address)]


async def test_a_taken_port_is_refused_until_it_is_released() -> None:
    first = await open_listener(NORTH, 5060)
    with pytest.raises(OSError, match=r"10\.0\.0\.1:5060"):
        await open_listener(NORTH, 5060)
    with pytest.raises(OSError, match="in use"), asyncio.get_running_loop().network.host_of(NORTH).here():
        await open_listener("0.0.0.0", 5060)
    first.transport.close()
    await asyncio.sleep(0)
    assert first.is_lost
    await open_listener(NORTH, 5060)


async def test_ports_not_asked_for_are_ephemeral_and_distinct() -> None:
    ports = [(await open_listener(NORTH)).address[1] for _ in range(50)]
    assert len(set(ports)) == 50
    assert min(ports) >= 49152


async def test_a_wildcard_socket_hears_every_address_of_its_host_and_answers_from_the_first(network: Network) -> None:
    with network.host("switch", NORTH, EAST).here():
        switch = await open_listener("0.0.0.0", 5060)
    phone = await open_listener(SOUTH, 5060)
    phone.send(b"one", (NORTH, 5060))
    phone.send(b"other", (EAST, 5060))
    switch.send(b"answer", (SOUTH, 5060))
    await asyncio.sleep(1)
    assert switch.datagrams == [b"one", b"other"]
    assert phone.heard == [(b"answer", (NORTH, 5060))]


async def test_a_connected_socket_hears_its_peer_alone_and_learns_of_a_closed_port(network: Network) -> None:
    peer, stranger = await open_listener(SOUTH, 6000), await open_listener(EAST)
    connected = await open_listener(NORTH, 0, (SOUTH, 6000))
    stranger.send(b"intruding", connected.address)
    peer.send(b"expected", connected.address)
    await asyncio.sleep(1)
    assert connected.datagrams == [b"expected"]
    peer.transport.close()
    connected.send(b"anybody?")
    await asyncio.sleep(1)
    assert [type(error) for error in connected.errors] == [ConnectionRefusedError]
    network.is_telling_unreachable = False
    connected.send(b"anybody?")
    await asyncio.sleep(1)
    assert len(connected.errors) == 1


async def test_a_socket_that_is_not_connected_is_not_told_of_a_closed_port() -> None:
    north = await open_listener(NORTH)
    north.send(b"anybody?", (SOUTH, 6000))
    await asyncio.sleep(1)
    assert north.errors == []


async def test_jitter_delays_but_keeps_the_order(network: Network) -> None:
    network.link(NORTH, SOUTH, Link(delay=0.01, jitter=0.1))
    north, south = await open_listener(NORTH), await open_listener(SOUTH)
    await send_many(north, south, 200, spacing=0.005)
    assert south.datagrams == sorted(south.datagrams)
    assert len(south.datagrams) == 200
    delays = [instant - number * 0.005 for number, instant in enumerate(south.instants)]
    assert min(delays) >= 0.01
    assert max(delays) <= 0.11 + 1e-9
    assert len({round(delay, 6) for delay in delays}) > 20


async def test_the_share_of_lost_datagrams_is_the_one_asked_for(network: Network) -> None:
    arrived = await numbers_over(network, Link(loss=0.1), 4000)
    assert 4000 * 0.88 < len(arrived) < 4000 * 0.92


async def test_bursts_lose_the_same_share_in_longer_runs(network: Network) -> None:
    arrived = await numbers_over(network, Link(loss=0.1, loss_burst=4), 8000)
    missing = sorted(set(range(8000)) - set(arrived))
    runs = sum(1 for number in missing if number - 1 not in set(missing))
    assert 0.07 < len(missing) / 8000 < 0.13
    assert 3 < len(missing) / runs < 5


async def test_duplicated_datagrams_arrive_twice(network: Network) -> None:
    arrived = await numbers_over(network, Link(duplication=1), 10)
    assert arrived == [number for number in range(10) for _ in range(2)]


async def test_reordered_datagrams_are_overtaken(network: Network) -> None:
    arrived = await numbers_over(network, Link(reordering=0.2, reordering_delay=0.05), 100)
    assert sorted(arrived) == list(range(100))
    assert arrived != sorted(arrived)


async def test_large_datagrams_vanish_where_fragments_are_dropped(network: Network) -> None:
    network.link(NORTH, SOUTH, Link(bytes_max=1472))
    north, south = await open_listener(NORTH), await open_listener(SOUTH)
    north.send(bytes(1473), south.address)
    north.send(bytes(1472), south.address)
    north.send(bytes(65508), south.address)
    await asyncio.sleep(1)
    assert south.datagrams == [bytes(1472)]
    assert [error.errno for error in north.errors] == [90]


async def test_nothing_passes_a_cut_until_it_heals(network: Network) -> None:
    north, south, east = [await open_listener(where) for where in (NORTH, SOUTH, EAST)]
    network.cut(NORTH, SOUTH)
    north.send(b"lost", south.address)
    south.send(b"lost too", north.address)
    east.send(b"not concerned", south.address)
    network.heal(NORTH, SOUTH)
    north.send(b"heard", south.address)
    await asyncio.sleep(1)
    assert south.datagrams == [b"not concerned", b"heard"]
    assert north.datagrams == []


async def test_an_unplugged_host_talks_to_itself_only(network: Network) -> None:
    north, itself, south = await open_listener(NORTH), await open_listener(NORTH), await open_listener(SOUTH)
    network.unplug(NORTH)
    for listener in (itself, south):
        north.send(b"from north", listener.address)
    south.send(b"from south", north.address)
    await asyncio.sleep(1)
    assert (itself.datagrams, south.datagrams, north.datagrams) == ([b"from north"], [], [])
    network.plug(NORTH)
    north.send(b"back", south.address)
    await asyncio.sleep(1)
    assert south.datagrams == [b"back"]


async def test_a_nat_hides_the_inside_and_admits_answers_only(network: Network) -> None:
    nat = network.nat("203.0.113.9", "192.168.1.2")
    inside, server, stranger = [await open_listener(where, 5060) for where in ("192.168.1.2", NORTH, SOUTH)]
    inside.send(b"request", server.address)
    await asyncio.sleep(1)
    (request, seen) = server.heard[0]
    assert request == b"request"
    assert seen[0] == "203.0.113.9"
    server.send(b"answer", seen)
    stranger.send(b"scan", seen)
    await asyncio.sleep(1)
    assert inside.heard == [(b"answer", server.address)]
    nat.rebind()
    server.send(b"to the old port", seen)
    inside.send(b"again", server.address)
    await asyncio.sleep(1)
    assert inside.datagrams == [b"answer"]
    assert server.heard[1][1] != seen


async def test_a_hidden_address_is_not_reached_from_outside_and_a_moved_one_only_at_its_new_place(
    network: Network,
) -> None:
    network.host("home", "192.168.1.2")
    nat = network.nat("203.0.113.9", "192.168.1.2")
    network.host("server", NORTH)
    network.link("server", "home", Link(delay=0.5))
    inside, server = [await open_listener(where, 5060) for where in ("192.168.1.2", NORTH)]
    server.send(b"to the hidden address", inside.address)
    inside.send(b"one", server.address)
    await asyncio.sleep(0.1)
    network.move_nat(nat, "203.0.113.10")
    inside.send(b"two", server.address)
    await asyncio.sleep(0.1)
    old, new = (seen for _, seen in server.heard)
    assert (old[0], new[0]) == ("203.0.113.9", "203.0.113.10")
    server.send(b"to the old place", old)
    server.send(b"to the new place", new)
    await asyncio.sleep(0.4)
    assert inside.heard == [], "the link to its host holds for its public address"
    await asyncio.sleep(0.2)
    assert inside.datagrams == [b"to the new place"]


async def test_observers_see_each_datagram_with_its_fate(network: Network) -> None:
    passages: list[Passage] = []
    network.observe(passages.append)
    network.link(NORTH, SOUTH, Link(delay=0.02))
    north, south = await open_listener(NORTH, 1), await open_listener(SOUTH, 2)
    north.send(b"a", south.address)
    network.link(NORTH, SOUTH, Link(loss=1))
    north.send(b"b", south.address)
    network.unplug(SOUTH)
    north.send(b"c", south.address)
    assert passages == [
        Passage(0, (NORTH, 1), (SOUTH, 2), b"a", Fate.SENT, 0.02),
        Passage(0, (NORTH, 1), (SOUTH, 2), b"b", Fate.LOST),
        Passage(0, (NORTH, 1), (SOUTH, 2), b"c", Fate.CUT),
    ]


def trace(seed: int, link: Link, *, is_busy: bool = False) -> list[Passage]:
    """What passes from north to south, in a world with or without other traffic."""
    passages: list[Passage] = []
    network = Network(random.Random(seed))
    network.link_both("*", SOUTH, link)
    network.observe(lambda passage: passages.append(passage) if passage.source[0] == NORTH else None)

    async def main() -> None:
        north, south, east = [await open_listener(where, 5060) for where in (NORTH, SOUTH, EAST)]
        async with asyncio.TaskGroup() as group:
            group.create_task(send_many(north, south, 30))
            if is_busy:
                group.create_task(send_many(east, south, 30, spacing=0.007))

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(network)) as runner:
        runner.run(main())
    return passages


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    link=st.builds(
        Link,
        delay=st.floats(0, 0.2),
        jitter=st.floats(0, 0.1),
        loss=st.floats(0, 0.5),
        loss_burst=st.floats(1, 5),
        duplication=st.floats(0, 0.5),
        reordering=st.floats(0, 0.5),
    ),
)
def test_the_same_seed_gives_the_same_passages_whatever_else_is_on_the_network(seed: int, link: Link) -> None:
    first = trace(seed, link)
    assert first == trace(seed, link)
    assert first == trace(seed, link, is_busy=True)


def test_another_seed_gives_other_passages() -> None:
    link = Link(jitter=0.05, loss=0.3)
    assert trace(1, link) != trace(2, link)


async def test_names_of_hosts_and_numeric_addresses_resolve_and_nothing_else(network: Network) -> None:
    network.host("switch", NORTH)
    loop = asyncio.get_running_loop()
    assert (await loop.getaddrinfo("switch", 5060))[0][4] == (NORTH, 5060)
    assert (await loop.getaddrinfo("192.0.2.7", 1))[0][4] == ("192.0.2.7", 1)
    assert (await loop.getaddrinfo("localhost", 1))[0][4] == ("127.0.0.1", 1)
    with pytest.raises(socket.gaierror, match="nowhere"):
        await loop.getaddrinfo("nowhere.invalid", 5060)


async def test_a_real_socket_handed_over_lends_its_address_only() -> None:
    real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    real.bind(("127.0.0.1", 0))
    where = real.getsockname()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Listener, sock=real)
    assert transport.get_extra_info("sockname") == where
    assert real.fileno() == -1


async def test_a_socket_says_where_it_is_and_takes_options_in_vain() -> None:
    listener = await open_listener(NORTH, 5060, (SOUTH, 6000))
    transport = listener.transport
    assert transport is not None
    assert transport.get_extra_info("peername") == (SOUTH, 6000)
    shown = transport.get_extra_info("socket")
    shown.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    assert shown.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 0
    assert (shown.getsockname(), shown.type) == ((NORTH, 5060), socket.SOCK_DGRAM)
    assert transport.get_write_buffer_size() == 0


async def test_a_connected_socket_sends_to_its_peer_alone_and_another_needs_an_address() -> None:
    connected, free = await open_listener(NORTH, 0, (SOUTH, 6000)), await open_listener(NORTH)
    with pytest.raises(ValueError, match="Invalid address"):
        connected.send(b"x", (EAST, 6000))
    with pytest.raises(ValueError, match="needs an address"):
        free.send(b"x")


async def test_another_protocol_may_take_over_a_socket() -> None:
    first, later, sender = await open_listener(NORTH), Listener(), await open_listener(SOUTH)
    assert first.transport is not None
    first.transport.set_protocol(later)
    assert first.transport.get_protocol() is later
    sender.send(b"hello", first.address)
    await asyncio.sleep(1)
    assert (first.heard, later.datagrams) == ([], [b"hello"])


async def test_a_closed_socket_neither_sends_nor_hears_what_is_under_way() -> None:
    north, south = await open_listener(NORTH), await open_listener(SOUTH)
    north.send(b"under way", south.address)
    assert south.transport is not None
    south.transport.abort()
    south.transport.close()
    assert south.transport.is_closing()
    south.send(b"too late", north.address)
    await asyncio.sleep(1)
    assert (north.heard, south.heard, south.is_lost) == ([], [], True)


async def test_what_arrives_runs_in_the_receivers_context(network: Network) -> None:
    loop = asyncio.get_running_loop()
    here: ContextVar[str] = ContextVar("here", default="nobody")
    seen: list[str] = []

    class Listening(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            seen.append(here.get())

    async def listen() -> None:
        here.set("receiver")
        await loop.create_datagram_endpoint(Listening, local_addr=("10.0.0.2", 9))

    async def send() -> None:
        here.set("sender")
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("10.0.0.1", 9))
        transport.sendto(b"x", ("10.0.0.2", 9))

    await asyncio.create_task(listen())
    await asyncio.create_task(send())
    await asyncio.sleep(1)
    assert seen == ["receiver"]


async def test_a_change_of_the_network_holds_for_the_next_datagram(network: Network) -> None:
    seen: list[Passage] = []
    network.observe(seen.append)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("10.0.0.1", 9))

    def sent() -> tuple[Fate, float]:
        transport.sendto(b"x", ("10.0.0.2", 9))
        passage = seen[-1]
        return passage.fate, 0.0 if passage.arrives_at is None else round(passage.arrives_at - passage.at, 6)

    assert sent() == (Fate.SENT, 0.0002)
    network.link_default = Link(delay=0.05)
    assert sent() == (Fate.SENT, 0.05)
    network.link("10.0.0.1", "10.0.0.2", Link(delay=0.07))
    assert sent() == (Fate.SENT, 0.07)
    network.unplug("10.0.0.2")
    assert sent()[0] is Fate.CUT
    network.plug("10.0.0.2")
    network.cut("10.0.0.1", "10.0.0.2")
    assert sent()[0] is Fate.CUT
    network.heal("10.0.0.1", "10.0.0.2")
    assert sent()[0] is Fate.SENT
