"""Where a dialled user part leads, which trunk carries a number, and who is believed."""

from __future__ import annotations

import ipaddress

import pytest

from switch.routing.routes import BridgeRoute, MenuRoute, Route, RouteTable, Trunk

EAST, WEST, REST = (
    Trunk("east", ("192.0.2.1", 5060), ("+1212", "+1646")),
    Trunk("west", ("192.0.2.2", 5060), ("+1",)),
    Trunk("rest", ("192.0.2.3", 5060)),
)
MENU = MenuRoute("700", (), "90", "west")
NINE, NINETY = BridgeRoute("9", "east"), BridgeRoute("90", "west")
TABLE = RouteTable(
    routes=[NINE, MENU, NINETY, BridgeRoute("7", "rest")],
    trunks=[REST, WEST, EAST],
    trusted=[ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")],
)


@pytest.mark.parametrize(
    ("user", "route"),
    [
        ("700", MENU),
        ("7001", BridgeRoute("7", "rest")),
        ("91", NINE),
        ("901", NINETY),
        ("12125550123", None),
        ("", None),
    ],
)
def test_a_menu_comes_before_bridges_and_the_longest_prefix_before_shorter_ones(user: str, route: Route | None) -> None:
    assert TABLE.service(user) == route


@pytest.mark.parametrize(
    ("number", "trunk"),
    [("+12125550123", EAST), ("+16465550123", EAST), ("+13105550123", WEST), ("+442079460000", REST)],
)
def test_the_trunk_with_the_longest_prefix_carries_a_number(number: str, trunk: Trunk) -> None:
    assert TABLE.trunk_for(number) == trunk
    assert TABLE.trunk(trunk.name) == trunk


def test_a_number_no_trunk_carries_has_none() -> None:
    assert RouteTable(routes=[], trunks=[EAST], trusted=[]).trunk_for("+13105550123") is None


@pytest.mark.parametrize(
    ("host", "is_trusted"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("128.0.0.1", False), ("2001:db8::7", True), ("2001:db9::7", False)],
)
def test_only_trusted_networks_are_believed(host: str, *, is_trusted: bool) -> None:
    assert TABLE.is_trusted(host) is is_trusted


def test_nobody_is_believed_where_no_network_is_trusted() -> None:
    assert not RouteTable(routes=[], trunks=[], trusted=[]).is_trusted("127.0.0.1")
