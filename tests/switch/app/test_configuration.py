"""Mistakes in a configuration: each is named with its file, line, key and remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr.mistake import Mistake
from ledger.chart import advancepay, debit
from ledger.money import Money
from switch.app.commands import built_in_config
from switch.app.config import Config, ConfigError, load_config, parse_config
from switch.app.reading import EXAMPLE
from switch.app.world import Opening, build_world

GOOD = """\
tariffs = ["california-2021"]
[switch]
listen = "127.0.0.1:0"
[[facilities]]
id = "prison"
[[stations]]
user = "yard"
password = "hush-yard"
facility = "prison"
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
[[phones]]
number = "+12125550123"
user = "family"
password = "hush-family"
[[trunks]]
name = "east"
address = "192.0.2.1:5060"
[[routes]]
bridge = "9"
trunk = "east"
"""

PROFILE = 'id = "prison"\n'

WRONG = {
    "unknown key": ("[switch]", "[switch]\ncolour = 1", 3, "switch.colour", "not a key here; known are listen, adv"),
    "a misspelt key": ("[switch]", '[switch]\nraelm = "x"', 3, "switch.raelm", "did you mean realm?"),
    "unknown table": ("[switch]", "[swich]", 2, "swich", "is not a key here; did you mean switch?"),
    "unknown tables": ("[[trunks]]", "[[trunk]]", 18, "trunk", "is not a key here; did you mean trunks?"),
    "one value for a list": ('["california-2021"]', '"california-2021"', 1, "tariffs", "write it in brackets"),
    "text for a number": ("[switch]", '[switch]\ncalls_max = "x"', 3, "switch.calls_max", "write it without quotes"),
    "less than the least": ("[switch]", "[switch]\ncalls_max = 0", 3, "switch.calls_max", "must be 1 or more"),
    "a day in quotes": ("[switch]", 'priced_as_on = "June 2021"\n[switch]', 2, "priced_as_on", "as 2021-06-01"),
    "none of several forms": (
        "[[trunks]]", '[[allowances]]\nname = "x"\nminutes = 1\nevery = "week"\nsince = 2021-01-01\n[[trunks]]',
        21, "allowances[0].every", "must be 'day' or 'month'; or it is a whole number; write it without quotes",
    ),
    "missing key": ('id = "prison"\n[[st', "[[st", 4, "facilities[0].id", "is missing"),
    "wrong type": ('"127.0.0.1:0"', "5060", 3, "switch.listen", 'write "address:port"'),
    "no port": ('"127.0.0.1:0"', '"127.0.0.1"', 3, "switch.listen", 'write "address:port"'),
    "a name for an address": ('"127.0.0.1:0"', '"localhost:5060"', 3, "switch.listen", "names are not looked up"),
    "port out of range": ('"127.0.0.1:0"', '"127.0.0.1:99999"', 3, "switch.listen", "0 to 65535"),
    "listens everywhere, says nowhere": ('"127.0.0.1:0"', '"0.0.0.0:5060"', 2, "switch", "say in advertised"),
    "unknown facility": (
        'facility = "prison"\n[[pe', 'facility = "prisn"\n[[pe', 9, "stations[0].facility", "known: prison",
    ),
    "unknown facility of a person": (
        'facility = "prison"\n[[ph', 'facility = "x"\n[[ph', 13, "people[0].facility", "known: prison",
    ),
    "a user twice": ('user = "family"', 'user = "yard"', 16, "phones[0].user", "SIP user 'yard' is given twice"),
    "a PIN twice": (
        "[[phones]]", '[[people]]\nid = "riley"\npin = "4417"\nfacility = "prison"\n[[phones]]', 16, "people[1].pin",
        "'jordan' has the same PIN at 'prison'; it tells who calls",
    ),
    "a PIN that cannot be dialled": ('"4417"', '"44a7"', 12, "people[0].pin", "write digits only"),
    "a PIN as a number": ('"4417"', "4417", 12, "people[0].pin", "is text; write it in quotes"),
    "a PIN too short": ('"4417"', '"44"', 12, "people[0].pin", "is too short; at least 3"),
    "a PIN of another length than the profile's": ('"4417"', '"44170"', 12, "people[0].pin", "asks for 4"),
    "an empty password": ('"hush-yard"', '""', 8, "stations[0].password", "at least 1"),
    "a user without a password": ('password = "hush-family"', "", 14, "phones[0]", "give both user and password"),
    "a float for an amount": (
        'user = "family"', 'user = "family"\nadvancepay = 5.0', 17, "phones[0].advancepay", "write an amount as text",
    ),
    "an amount that is none": (
        'user = "family"', 'user = "family"\nadvancepay = "5,00"', 17, "phones[0].advancepay", "5,00",
    ),
    "a negative amount": (
        'user = "family"', 'user = "family"\nadvancepay = "-5"', 17, "phones[0].advancepay", "not negative",
    ),
    "a number that is not E.164": ('"+12125550123"', '"2125550123"', 15, "phones[0].number", "write it like"),
    "an unknown tariff": ('"california-2021"', '"california-1921"', 1, "tariffs[0]", "shipped are"),
    "a tariff file that is not there": ('"california-2021"', '"own.toml"', 1, "tariffs[0]", "readable tariff file"),
    "a state that is none": (PROFILE, PROFILE + 'state = "XX"\n', 6, "facilities[0].state", "no area code is in 'XX'"),
    "taxes of a file that is named nowhere": (
        PROFILE, PROFILE + 'taxed_by = ["ohio"]\n', 6, "facilities[0].taxed_by", "tax or fee of 'ohio'; known: none",
    ),
    "a share of a file that is named nowhere": (
        PROFILE, PROFILE + 'state_pays = "ohio"\n', 6, "facilities[0].state_pays", "no file of taxes has a share of",
    ),
    "free talk that ends before it begins": (
        "[[trunks]]",
        '[[allowances]]\nname = "x"\nminutes = 1\nevery = 9\nsince = 2021-04-04\nuntil = 2021-04-04\n[[trunks]]',
        18, "allowances[0]", "until: 2021-04-04 is not later than since, 2021-04-04",
    ),
    "a fee that ends before it begins": (
        "[[trunks]]", '[[fees]]\nchannel = "web"\nfee = "5.95"\nsince = 2021-01-01\nuntil = 2020-01-01\n[[trunks]]',
        18, "fees[0]", "until: 2020-01-01 is not later than since, 2021-01-01; write the first day without it",
    ),
    "two fees of one day": (
        "[[trunks]]",
        (
            '[[fees]]\nchannel = "web"\nfee = "1"\nuntil = 2022-01-01\n[[fees]]\nchannel = "phone"\nfee = "2"\n'
            '[[fees]]\nchannel = "web"\nfee = "3"\nsince = 2021-12-31\n[[trunks]]'
        ),
        26, "fees[2].channel", "'web' has another fee on some of these days; part them by since and until",
    ),
    "a day before telephones": ("[switch]", "priced_as_on = 0001-01-01\n[switch]", 2, "priced_as_on", "1900-01-01"),
    "a day no call could outlast": ("[switch]", "priced_as_on = 9999-12-31\n[switch]", 2, "priced_as_on", "less than"),
    "a number without end": ("[switch]", f"[switch]\ncalls_max = {'9' * 5000}", None, "", "not TOML"),
    "a list without end": ("[switch]", f"[switch]\ncalls_max = {'[' * 5000}", None, "", "not TOML"),
    "a file of taxes that is not there": ("[switch]", 'taxes = ["own.toml"]\n[switch]', 2, "taxes[0]", "of taxes"),
    "a file of codes that is not there": ("[switch]", 'places = ["own.csv"]\n[switch]', 2, "places[0]", "own.csv: "),
    "an unknown profile": (PROFILE, PROFILE + 'profile = "x"\n', 6, "facilities[0].profile", "shipped are"),
    "a profile file that is not there": (
        'id = "prison"\n', 'id = "prison"\nprofile = "x.toml"\n', 6, "facilities[0].profile", "there is no such file",
    ),
    "a recording that is not there": (
        'id = "prison"\n', 'id = "prison"\nname = "facility/moon"\n', 6, "facilities[0].name", "facility/moon",
    ),
    "a recording of a person": (
        'pin = "4417"', 'pin = "4417"\nname = "name/nobody"', 13, "people[0].name", "name/nobody",
    ),
    "a clip that is no name": ('pin = "4417"', 'pin = "4417"\nname = "../x"', 13, "people[0].name", "write it like"),
    "words of a route": (
        'bridge = "9"', 'menu = "9"\nwords = ["pause/short", "no/such"]', 23, "routes[0].words[1]", "no/such",
    ),
    "a route that is two": ('bridge = "9"', 'bridge = "9"\nmenu = "700"', 21, "routes[0]", "give one of bridge"),
    "a route without a trunk": ('trunk = "east"', "", 21, "routes[0]", "trunk is missing"),
    "an account line of nowhere": (
        'bridge = "9"', 'account_line = "6"\nfacility = "nowhere"\nbridge_to = "1"', 23, "routes[0].facility", "known",
    ),
    "a bridge of everything": ('bridge = "9"', 'bridge = ""', 22, "routes[0].bridge", "cannot be dialled"),
    "an unknown trunk": ('trunk = "east"', 'trunk = "west"', 23, "routes[0].trunk", "known: east"),
    "a trunk prefix no number has": (
        'name = "east"', 'name = "east"\nprefixes = ["1212"]', 20, "trunks[0].prefixes[0]", 'write it like "+1212"',
    ),
    "ports too narrow": ("[[facilities]]", "[media]\nports = [20000, 20001]\n[[facilities]]", 4, "media", "four ports"),
    "SIP on a port of the audio": (
        'listen = "127.0.0.1:0"', 'listen = "127.0.0.1:20010"\n[media]\nports = [20000, 20100]', 5, "media.ports",
        "SIP listens on 20010, one of these",
    ),
    "a port too low": ("[[facilities]]", "[media]\nports = [80, 20001]\n[[facilities]]", 5, "media.ports[0]", "1024"),
    "media everywhere": (
        "[[facilities]]", '[media]\nlisten = "0.0.0.0"\n[[facilities]]', 4, "media", "say in advertised",
    ),
    "media at no address": ("[[facilities]]", '[media]\nlisten = "x"\n[[facilities]]', 5, "media.listen", "x"),
    "a realm that breaks its header": ("[switch]", "[switch]\nrealm = 'a\"b'", 3, "switch.realm", "is not a realm"),
    "a network that is none": ("[switch]", '[switch]\ntrusted = ["10.0.0.0/99"]', 3, "switch.trusted[0]", "0.0.0/99"),
    "an algorithm nobody knows": ("[switch]", '[switch]\nalgorithms = ["MD4"]', 3, "switch.algorithms[0]", "SHA-256"),
    "a book elsewhere": ("[[facilities]]", '[book]\nurl = "mysql://x/y"\n[[facilities]]', 5, "book.url", "SQLite"),
    "overrides that are not there": (
        "[[facilities]]", '[prompts]\noverrides = "nowhere"\n[[facilities]]', 4, "prompts", "nowhere",
    ),
    "not TOML": ("[switch]", "[switch", 2, "", "not TOML"),
}  # fmt: skip


def mistakes_of(text: str, folder: Path) -> tuple[Mistake, ...]:
    file = folder / "payphone.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        build_world(load_config(file), str(file), folder)
    assert "hush" not in str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)
    return caught.value.mistakes


def test_what_is_right_makes_a_world(tmp_path: Path) -> None:
    world = build_world(parse_config(GOOD, "good.toml"), "good.toml", tmp_path)
    assert world.passwords == {"yard": "hush-yard", "family": "hush-family"}
    assert world.openings == {}
    assert "hush" not in repr(world.config)
    assert "4417" not in repr(world.config)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named_with_its_file_line_key_and_remedy(tmp_path: Path, name: str) -> None:
    old, new, line, key, remedy = WRONG[name]
    assert GOOD.count(old) >= 1
    (mistake,) = mistakes_of(GOOD.replace(old, new, 1), tmp_path)
    if line is not None:
        assert (mistake.line, mistake.key) == (line, key)
        assert str(mistake).startswith(f"{tmp_path / 'payphone.toml'}:{line}: {key}")
    assert remedy in mistake.text


TAXES = """\
zone = "UTC"
[[taxes]]
name = "sales"
jurisdiction = "ohio"
share = "0.06"
valid_from = 2021-01-01
[[shares]]
state = "ohio"
share = "0.25"
valid_from = 2021-01-01
"""


def test_nobody_is_taxed_twice_by_two_files(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(TAXES)
    (tmp_path / "two.toml").write_text(TAXES)
    text = 'taxes = ["one.toml", "two.toml"]\n' + GOOD.replace(PROFILE, PROFILE + 'taxed_by = ["ohio"]\n')
    assert [(each.line, each.key, each.text.split(" is in ")[0]) for each in mistakes_of(text, tmp_path)] == [
        (1, "taxes[1]", "two.toml: the tax sales of ohio"),
        (1, "taxes[1]", "two.toml: the share of ohio"),
    ]


def test_a_tax_may_go_on_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(TAXES.replace("2021-01-01", "2021-01-01\nvalid_until = 2022-01-01"))
    (tmp_path / "two.toml").write_text(TAXES.replace("2021-01-01", "2022-01-01"))
    row = PROFILE + 'taxed_by = ["ohio"]\nstate_pays = "ohio"\n'
    text = 'taxes = ["one.toml", "two.toml"]\n' + GOOD.replace(PROFILE, row)
    world = build_world(parse_config(text, "good.toml"), "good.toml", tmp_path)
    assert (len(world.pricing.taxes.levies), len(world.pricing.taxes.shares)) == (2, 2)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 20011), ("127.0.0.1", 20102), ("127.0.0.2", 20010)])
def test_sip_may_listen_beside_the_ports_of_the_audio(host: str, port: int) -> None:
    text = GOOD.replace('listen = "127.0.0.1:0"', f'listen = "{host}:{port}"\n[media]\nports = [20000, 20100]')
    assert parse_config(text, "good.toml").switch.listen == (host, port)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"127.0.0.1:0"', "5060").replace('"+12125550123"', '"x"').replace('"9"', '""')
    assert [mistake.key for mistake in mistakes_of(text, tmp_path)] == [
        "switch.listen", "phones[0].number", "routes[0].bridge",
    ]  # fmt: skip


def test_mistakes_of_files_that_are_named_are_told_together(tmp_path: Path) -> None:
    text = GOOD.replace('"california-2021"', '"x"').replace('id = "prison"\n', 'id = "prison"\nprofile = "y"\n', 1)
    text = text.replace('pin = "4417"', 'pin = "4417"\nname = "name/nobody"')
    assert [mistake.key for mistake in mistakes_of(text, tmp_path)] == [
        "tariffs[0]", "facilities[0].profile", "people[0].name",
    ]  # fmt: skip


@pytest.mark.parametrize("secret", ["hush-yard-12345", "44\\u00e917"])
def test_a_secret_of_the_wrong_type_is_not_repeated(tmp_path: Path, secret: str) -> None:
    for old in ('"hush-yard"', '"4417"'):
        found = mistakes_of(GOOD.replace(old, f'["{secret}"]'), tmp_path)
        assert all(secret not in str(mistake) for mistake in found)


@pytest.mark.parametrize(
    ("data", "told"),
    [(None, "cannot be read"), (b"\xff\xfe", "is not UTF-8 text"), (b"#" * 10_000_001, "larger than")],
)
def test_a_file_that_cannot_be_read_at_all(tmp_path: Path, data: bytes | None, told: str) -> None:
    file = tmp_path / "payphone.toml"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    (mistake,) = caught.value.mistakes
    assert told in str(mistake)
    assert str(file) in str(mistake)


@pytest.mark.parametrize(("data", "told"), [(b"\xff", "is not UTF-8"), (b"x = [", "not TOML"), (b"x = 1", "name")])
def test_a_profile_of_ones_own_that_is_wrong_is_named(tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "own.toml").write_bytes(data)
    text = GOOD.replace('id = "prison"\n', 'id = "prison"\nprofile = "own.toml"\n', 1)
    (mistake,) = mistakes_of(text, tmp_path)
    assert mistake.key == "facilities[0].profile"
    assert "own.toml" in mistake.text
    assert told in mistake.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_profile_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").touch(mode=0)
    (mistake,) = mistakes_of(GOOD.replace('id = "prison"\n', 'id = "prison"\nprofile = "own.toml"\n', 1), tmp_path)
    assert "cannot be read" in mistake.text


def test_accounts_of_the_configuration_are_opened_with_their_amounts(tmp_path: Path) -> None:
    text = GOOD.replace('pin = "4417"', 'pin = "4417"\ndebit = "2.00"').replace(
        'user = "family"', 'user = "family"\nadvancepay = "5.00"'
    )
    assert build_world(parse_config(text, "x"), "x", tmp_path).openings == {
        advancepay("+12125550123"): Opening(Money.from_text("5")),
        debit("jordan"): Opening(Money.from_text("2")),
    }


def test_the_built_in_example_is_right_as_it_is(tmp_path: Path) -> None:
    config = built_in_config()
    assert config.model_dump() == load_config(EXAMPLE).model_dump()
    assert build_world(config, "example", tmp_path).pricing.deck.tariffs


def test_a_configuration_made_without_a_file_knows_no_lines() -> None:
    assert Config().line("switch", "listen") is None
    assert str(Mistake("x.toml", None, "", "is empty")) == "x.toml: is empty"
