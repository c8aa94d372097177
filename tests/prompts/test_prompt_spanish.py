"""Spanish numbers, heard by a listener written apart from the code under test, who minds the grammar too."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.catalog import ENGLISH, SPANISH, joined, load_catalog
from prompts.parts import AMOUNT_MAX, COUNT_MAX
from prompts.spanish import amount, clips, count, digits, duration, key, price, time_left
from tests.support.examples import examples

CATALOG = joined([load_catalog(ENGLISH), load_catalog(SPANISH)])
MODEST = examples(150)

SAID = (
    *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    *("trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno"),
    *("veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho"),
    "veintinueve",
)
UNITS = {word: number for number, word in enumerate(SAID)} | {"un": 1, "una": 1, "veintiún": 21, "veintiuna": 21}
TENS = ("treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
HUNDREDS = ("dosc", "tresc", "cuatroc", "quin", "seisc", "setec", "ochoc", "novec")


def number_of(text: str) -> int:
    """What a listener understands; a word that is no number is a KeyError."""
    done = thousands = group = 0
    for word in text.split():
        if word in {"millón", "millones"}:
            done, thousands, group = done + (thousands + group) * 10**6, 0, 0
        elif word == "mil":
            thousands, group = 1000 * (group or 1), 0
        elif word in TENS:
            group += 10 * TENS.index(word) + 30
        elif word in {"cien", "ciento"}:
            group += 100
        elif hundreds := re.fullmatch(r"(.+)ient[oa]s", word):
            group += 100 * HUNDREDS.index(hundreds[1]) + 200
        elif word != "y":
            group += UNITS[word]
    return done + thousands + group


def mistakes(text: str, *, noun: str = "") -> list[str]:
    """What a teacher would mark: a list of rules broken (RAE, DPD, "cardinales", "uno", "ciento", "mil")."""
    wrong = {
        "un or una mil": r"(^|millón |millones )(un|una) mil\b",
        "uno before what it counts": r"(uno) (mil|millón|millones|dólar|dólares|centavos?|minutos?|segundos?|horas?)\b",
        "cien before what is less": r"\bcien (?!mil\b|millones\b|de\b|dólares|centavos|minutos|segundos|horas|$)",
        "ciento before what it counts": r"\bciento (mil|millones|dólares|horas|minutos|segundos)|\bciento$",
        "y where there are no tens": r"(?<!nta) y (?!medio)",
        "tens without y": r"nta (un|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)\b",
        "millón of several": r"(?<!un) millón\b|^un millones",
        "millions without de": r"mill(ón|ones) (dólares|horas)",
        "de after what is no million": r"(?<!millón)(?<!millones) de (dólares|horas)",
        "masculine before horas": r"(un|ún|ientos) horas?\b" if noun == "horas" else r"$.",
        "feminine before a masculine noun": r"(una|ientas) (dólar|centavo|minuto|segundo)",
    }
    return [rule for rule, pattern in wrong.items() if re.search(pattern, text)]


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("un mil", ""),
        ("dos millones una mil", ""),
        ("veintiuno mil", ""),
        ("uno centavo", ""),
        ("cien cinco", ""),
        ("ciento", ""),
        ("ciento mil", ""),
        ("ciento y cinco", ""),
        ("treinta uno", ""),
        ("dos millón", ""),
        ("un millones", ""),
        ("un millón dólares", ""),
        ("mil de dólares", ""),
        ("veintiún horas", "horas"),
        ("doscientos horas", "horas"),
        ("una minuto", ""),
    ],
)
def test_the_teacher_marks_mistakes(text: str, noun: str) -> None:
    assert len(mistakes(text, noun=noun)) == 1


@pytest.mark.parametrize("text", ["ciento un mil", "doscientos un millones", "treinta y un mil", "dos millones mil"])
def test_the_teacher_marks_nothing_that_is_right(text: str) -> None:
    assert mistakes(text) == []


def said(*named: str) -> str:
    return CATALOG.text(clips(*named))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "cero"),
        (1, "uno"),
        (16, "dieciséis"),
        (21, "veintiuno"),
        (31, "treinta y uno"),
        (100, "cien"),
        (101, "ciento uno"),
        (110, "ciento diez"),
        (500, "quinientos"),
        (700, "setecientos"),
        (900, "novecientos"),
        (999, "novecientos noventa y nueve"),
        (1_000, "mil"),
        (1_001, "mil uno"),
        (1_234, "mil doscientos treinta y cuatro"),
        (21_000, "veintiún mil"),
        (31_021, "treinta y un mil veintiuno"),
        (100_000, "cien mil"),
        (101_000, "ciento un mil"),
        (1_000_000, "un millón"),
        (1_000_001, "un millón uno"),
        (21_000_000, "veintiún millones"),
        (100_000_000, "cien millones"),
        (1_000_000_000, "mil millones"),
        (2_000_000_000, "dos mil millones"),
        (1_001_000_000, "mil un millones"),
        (21_500_000_000, "veintiún mil quinientos millones"),
    ],
)
def test_numbers_are_said_as_people_say_them(number: int, words: str) -> None:
    assert CATALOG.text(count(number)) == words


@MODEST
@given(st.integers(0, COUNT_MAX) | st.integers(0, 3_000_000) | st.integers(0, 2000))
def test_the_count_heard_is_the_count_meant(number: int) -> None:
    text = CATALOG.text(count(number))
    assert number_of(text) == number
    assert mistakes(text) == []


def test_every_number_to_two_thousand_is_heard_and_no_other_sounds_the_same() -> None:
    texts = [CATALOG.text(count(number)) for number in range(2000)]
    assert [number_of(text) for text in texts] == list(range(2000))
    assert [text for text in texts if mistakes(text)] == []


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        ("0", "cero dólares"),
        ("0.01", "un centavo"),
        ("0.02", "dos centavos"),
        ("0.21", "veintiún centavos"),
        ("0.31", "treinta y un centavos"),
        ("0.375", "treinta y siete centavos y medio"),
        ("0.025", "dos centavos y medio"),
        ("0.015", "un centavo y medio"),
        ("0.005", "medio centavo"),
        ("0.076", "siete punto seis centavos"),
        ("0.016", "uno punto seis centavos"),
        ("0.006", "cero punto seis centavos"),
        ("0.2133", "veintiuno punto tres tres centavos"),
        ("1", "un dólar"),
        ("1.50", "un dólar con cincuenta centavos"),
        ("1.01", "un dólar con un centavo"),
        ("1.005", "un dólar con medio centavo"),
        ("21", "veintiún dólares"),
        ("100", "cien dólares"),
        ("101", "ciento un dólares"),
        ("500", "quinientos dólares"),
        ("1000", "mil dólares"),
        ("1234.56", "mil doscientos treinta y cuatro dólares con cincuenta y seis centavos"),
        ("1000000", "un millón de dólares"),
        ("1000000.50", "un millón de dólares con cincuenta centavos"),
        ("1000001", "un millón un dólares"),
        ("1500000", "un millón quinientos mil dólares"),
        ("1000000000", "mil millones de dólares"),
        ("-5.25", "menos cinco dólares con veinticinco centavos"),
    ],
)
def test_amounts_are_said_as_people_say_them(dollars: str, words: str) -> None:
    assert CATALOG.text(amount(Decimal(dollars))) == words


def dollars_of(text: str) -> Decimal:
    """The amount a listener understands."""
    sign = -1 if text.startswith("menos ") else 1
    text = text.removeprefix("menos ")
    whole, cents = "cero", text
    if found := re.fullmatch(r"(.+?)(?: de)? dólar(?:es)?(?: con (.+))?", text):
        whole, cents = found[1], found[2] or "cero centavos"
    if cents == "medio centavo":
        cents = "cero centavos y medio"
    halves = cents.removesuffix(" y medio")
    said_cents, _, decimals = re.sub(r" centavos?$", "", halves).partition(" punto ")
    fraction = "5" if halves != cents else "".join(str(UNITS[word]) for word in decimals.split())
    return sign * (number_of(whole) + Decimal(f"{number_of(said_cents)}.{fraction or 0}") / 100)


@MODEST
@given(
    st.decimals(-AMOUNT_MAX, AMOUNT_MAX, places=6)
    | st.decimals(-2, 2, places=6)
    | st.decimals(0, 1000, places=3)
    | st.integers(0, 1000).map(lambda millions: Decimal(millions * 1_000_000))
)
def test_the_amount_heard_is_the_amount_meant(dollars: Decimal) -> None:
    spoken = amount(dollars)
    assert [clip for clip in spoken if clip not in CATALOG] == []
    text = CATALOG.text(spoken)
    assert dollars_of(text) == dollars
    # A decimal point stands after a number that counts nothing yet: "uno punto seis centavos".
    assert mistakes(re.sub(r"\w+( y \w+)? punto .*centavos", "dos centavos", text)) == []


@pytest.mark.parametrize(
    ("first", "each", "words"),
    [
        ("0", "0", "Esta llamada no cuesta nada."),
        ("0.025", "0.025", "Cada minuto cuesta dos centavos y medio. Los impuestos no están incluidos."),
        (
            "0.50",
            "0.05",
            (
                "El primer minuto cuesta cincuenta centavos, cada minuto adicional cuesta cinco centavos. "
                "Los impuestos no están incluidos."
            ),
        ),
    ],
)
def test_the_price_of_a_call_is_told(first: str, each: str, words: str) -> None:
    assert CATALOG.text(price(Decimal(first), Decimal(each))) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "cero segundos"),
        (0.9, "cero segundos"),
        (1, "un segundo"),
        (21, "veintiún segundos"),
        (60, "un minuto"),
        (61, "un minuto y un segundo"),
        (1890, "treinta y un minutos y treinta segundos"),
        (3600, "una hora"),
        (3661, "una hora un minuto y un segundo"),
        (75600, "veintiuna horas"),
        (7260, "dos horas y un minuto"),
        (720000, "doscientas horas"),
        (111600, "treinta y una horas"),
    ],
)
def test_durations_agree_with_their_units(seconds: float, words: str) -> None:
    assert CATALOG.text(duration(timedelta(seconds=seconds))) == words


@MODEST
@given(st.integers(0, 10**8))
def test_the_duration_heard_is_the_duration_meant(seconds: int) -> None:
    text = CATALOG.text(duration(timedelta(seconds=seconds)))
    found = re.fullmatch(r"(?:(.+) horas?\b)?(?: y )?(?: ?(.+) minutos?\b)?(?: y )?(?:(.+) segundos?)?", text)
    assert found is not None
    hours, minutes, rest = (number_of(part) if part else 0 for part in found.groups())
    assert (hours * 60 + minutes) * 60 + rest == seconds
    assert mistakes(re.sub(r"(horas?|minutos?) y ", r"\1 ", text), noun="horas") == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (60, "Le queda un minuto."),
        (30, "Le quedan treinta segundos."),
        (10, "Aún tiene diez segundos de llamada."),
        (300, "Aún tiene cinco minutos de llamada."),
    ],
)
def test_a_warning_tells_what_is_left(seconds: float, words: str) -> None:
    assert CATALOG.text(time_left(timedelta(seconds=seconds))) == words


@pytest.mark.parametrize(
    ("pressed", "words"),
    [
        ("5", "oprima el cinco."),
        ("#", "oprima el numeral."),
        ("*", "oprima el asterisco."),
        ("76", "oprima el siete y luego el seis."),
        ("*67", "oprima el asterisco y luego el seis y luego el siete."),
    ],
)
def test_keys_end_the_sentence_they_stand_in(pressed: str, words: str) -> None:
    assert CATALOG.text((*clips("outside/accept"), *key(pressed))) == f"Para aceptar esta llamada, {words}"


def test_phone_numbers_are_read_in_groups() -> None:
    assert CATALOG.text(digits("+12125550123")) == "dos uno dos, cinco cinco cinco, cero uno dos tres"


def test_every_sentence_that_a_key_follows_leads_to_it() -> None:
    led = ("hear-price", "accept", "refuse", "block", "then")
    assert {name: said(f"outside/{name}")[-3:] for name in led} == dict.fromkeys(led, " el")
    assert {said(f"inside/{name}")[-10:] for name in ("for-collect", "for-debit")} == {" oprima el"}


def test_the_greeting_reads_as_one_announcement() -> None:
    greeting = (
        *clips("outside/call-through", "provider/payphone", "kind/collect", "outside/from", "name/jordan"),
        *clips("outside/at", "facility/state-prison", "outside/recorded", "outside/hear-price"),
        *(*key("2"), *clips("outside/accept"), *key("5"), *clips("outside/refuse-by-hanging-up")),
        *(*clips("outside/block"), *key("7")),
    )
    assert CATALOG.text(greeting) == (
        "Hola. Esta es una llamada por medio de payphone. Es una llamada por cobrar. Usted la paga en su cuenta de "
        "teléfono. La llamada es de Jordan desde the state prison. Esta llamada se graba y puede ser escuchada. "
        "Para oír el precio de esta llamada, oprima el dos. Para aceptar esta llamada, oprima el cinco. "
        "Para rechazarla, cuelgue. Para bloquear todas las llamadas futuras de este centro, oprima el siete."
    )


def test_no_form_of_a_number_is_recorded_in_vain() -> None:
    used = {clip for number in range(1000) for clip in count(number)}
    used |= {clip for number in (10**6, 2 * 10**6, 10**9) for clip in count(number)}
    used |= {clip for number in range(1, 1000) for clip in duration(timedelta(hours=number))}
    used |= {clip for text in ("1.21", "31.41", "51.61", "71.81", "91.015") for clip in amount(Decimal(text))}
    used |= {clip for text in ("-11.1", "21.31", "41.51", "61.71", "81.91", "0.001") for clip in amount(Decimal(text))}
    used |= set(count(2000))
    recorded = {clip for clip in CATALOG.clip_ids if clip.startswith("es/number/")}
    assert recorded == {clip for clip in used if clip.startswith("es/number/")}
