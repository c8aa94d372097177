"""What people say on the telephone, for a recogniser that must not take it for the switch's words.

A small grammar. Many sentences are traps: they use the vocabulary of the prompts (keys, amounts, minutes left,
"this call", "goodbye") in other wording. No sentence is a clip, and none holds a clip of three words or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Final

SLOTS: Final[Mapping[str, Sequence[str]]] = {
    "who": [
        "my sister",
        "the lawyer",
        "your cousin Sam",
        "Jordan",
        "uncle Riley",
        "Casey from work",
        "the landlord",
        "grandma",
        "a man from the bank",
        "our neighbor",
        "Morgan",
        "the nurse",
        "Alex and the kids",
    ],
    "place": [
        "the corner store",
        "the hospital",
        "church",
        "school",
        "the county office",
        "the bus station",
        "the library",
        "the state fair",
        "the kitchen",
        "a garage downtown",
        "the youth club",
    ],
    "when": [
        "on Monday",
        "last night",
        "at six thirty",
        "in twenty minutes",
        "around noon",
        "next week",
        "two days ago",
        "before the holidays",
        "on the ninth",
        "in an hour or two",
        "at a quarter past four",
    ],
    "number": [
        "zero",
        "one",
        "two",
        "three",
        "five",
        "seven",
        "eight",
        "eleven",
        "thirteen",
        "fifteen",
        "thirty",
        "forty-two",
        "fifty",
        "sixty-one",
        "ninety-nine",
        "one hundred and six",
        "two thousand",
    ],
    "digits": [
        "five five five, zero one two three",
        "two one two, seven seven six",
        "four one five, eight nine oh",
        "three three, one eight, nine six",
        "six oh six, four four two",
    ],
    "money": [
        "two dollars and ten cents",
        "forty dollars",
        "half a dollar",
        "ninety-nine cents",
        "thirteen fifty",
        "six hundred dollars a month",
        "a cent or two",
        "one dollar more",
        "twenty-seven dollars even",
    ],
    "time": [
        "five minutes",
        "an hour",
        "thirty seconds or so",
        "ten minutes",
        "a minute",
        "two hours",
        "fifteen minutes",
    ],
    "key": ["five", "seven", "two", "star", "pound", "zero", "nine", "one"],
    "thing": [
        "the car",
        "a blue jacket",
        "the heating bill",
        "that letter",
        "a birthday cake",
        "the old radio",
        "a pair of shoes",
        "the insurance form",
        "some groceries",
        "a ladder",
    ],
    "verb": ["pick up", "pay for", "send back", "look at", "ask about", "forget", "sell"],
    "mood": ["tired", "glad", "worried", "hungry", "fine", "a bit lost", "sorry", "busy", "better"],
    "start": ["Well,", "Listen,", "You know,", "Honestly,", "So,", "Okay,", "Look,", "Anyway,", "Hold on,"],
}

PLAIN: Final = [
    "{start} {who} went to {place} {when} to {verb} {thing}.",
    "Did {who} ever {verb} {thing}, or was that {when}?",
    "I was {mood} when {who} came back from {place}.",
    "{start} I have to {verb} {thing} before {who} gets to {place}.",
    "We talked for {time} and then {who} felt {mood} again.",
    "Tell {who} that {thing} is still at {place}.",
    "It rained all day {when}, so nobody could {verb} {thing}.",
    "{start} are you {mood}, or shall we talk {when}?",
    "The dog ate {thing} {when}, and {who} was {mood} about it.",
    "There are {number} chairs at {place}, and {who} wants {number} more.",
]

TRAPS: Final = [
    "The new number is {digits}, with {number} at the end.",
    "Write this down: {digits}.",
    "If you want {thing}, press {key} and then {key}, or so {who} said.",
    "Press {key} for {place}, press {key} for {who}, and {key} to hear it all again.",
    "{start} I pressed {key} and nothing happened, then I pressed {key}.",
    "This call is costing {money}, is it not?",
    "This call to {who} was recorded over by mistake {when}.",
    "{start} we only have {time} left before {who} needs the phone.",
    "You have maybe {time} left, so speak up.",
    "You have {number} letters from {who} in the drawer.",
    "How many minutes are left on the card, {number} or {number}?",
    "The first minute was free, and each further one cost {money}.",
    "Each minute of it costs {who} about {money}.",
    "I put {money} in the account of {who} {when}.",
    "There is not enough money for {thing}, it costs {money}.",
    "Please hold the line while I {verb} {thing}.",
    "Please try once more {when}, {who} is {mood}.",
    "Please enter the house by the back door, the number is {number}.",
    "To accept {thing} you sign at {place}, {who} told me.",
    "To refuse would be rude, so hang up {thing} and come in.",
    "To block the door from {place}, take {thing}.",
    "Hello, this is {who} calling from {place} about {thing}.",
    "Hello. This is a message about {thing}, call me {when}.",
    "The call is for {who}, not from the one at {place}.",
    "Thank you so much for {thing}, {who} is {mood} now.",
    "Thank you, goodbye, and say hello to {who} for me.",
    "Goodbye for now, I will call {who} {when}.",
    "Welcome to {place}, {who} is waiting in room {number}.",
    "That number is not the one {who} gave me, mine ends in {number}.",
    "That pin is not on the jacket any more, {who} took it.",
    "The line is long at {place}, please come again {when}.",
    "No answer from {who}, and no message either, for {time}.",
    "The other person has left {place} with {thing}.",
    "Your call made {who} {mood}, but it was not the first {when}.",
    "You entered {place} {when}, and nothing was missing?",
    "Calls like this, at this time of day, make {who} {mood}.",
    "It is a collection of {thing} and more, you pay {money} for it.",
    "You will be charged {money} for {thing}, says {who}.",
    "Taxes are due {when}, and {who} owes {money}.",
    "That is one of the choices {who} made {when}.",
    "We are sorry about {thing}, something broke at {place}.",
    "The telephone at {place} is turned down {when}.",
    "One, two, three, {number}, {number}, and {number}, counts {who}.",
    "{number}, {number}, {number}.",
    "The time was {number} minutes and {number} seconds, said {who}.",
    "It comes to {number} dollars and {number} cents with {thing}.",
    "Too many wrong turns, and {who} was locked out for {time}.",
    "Calls from {place} cannot be made {when}, the line is down.",
    "With a new account, {who} can {verb} {thing} for {money}.",
]

TRAP_SHARE: Final = 0.7
_SLOT: Final = re.compile(r"\{(\w+)\}")


def sentences(chance: Random) -> Iterator[str]:
    """Sentences without end, none of them twice."""
    said: set[str] = set()
    while True:
        template = chance.choice(TRAPS if chance.random() < TRAP_SHARE else PLAIN)
        sentence = _SLOT.sub(lambda slot: chance.choice(SLOTS[slot[1]]), template)
        sentence = sentence[0].upper() + sentence[1:]
        if sentence not in said:
            said.add(sentence)
            yield sentence


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text without marks and capitals."""
    return tuple(re.findall(r"[a-z0-9']+", text.lower().replace("-", " ")))


def clips_said(sentence: str, clips: Iterable[str]) -> list[str]:
    """The texts of clips that a sentence says whole: as all of it, or, from three words on, within it."""
    said = words_of(sentence)
    found = []
    for clip in clips:
        words = words_of(clip)
        places = range(len(said) - len(words) + 1) if len(words) >= 3 else ()
        if words and (words == said or any(said[place : place + len(words)] == words for place in places)):
            found.append(clip)
    return found
