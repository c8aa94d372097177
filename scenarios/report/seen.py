"""What is to be seen of a call: the switch's timeline and what the phones saw and heard, put together.

Words the switch said are one thing with what a phone heard of them.

`order` is the number in the switch's timeline, or one in between: it decides where instants are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scenarios.play.result import CallSeen, ClipHeard, Moment, PhoneSide, PostingSeen
from scenarios.report.hidden import keys_shown
from scenarios.report.ladder import HIDDEN_KEY
from scenarios.report.messages import PARTIES, Message, messages
from switch.call.timeline import Kind

PAUSE_SECONDS_MAX: Final = 0.7
"""Clips with a longer silence between them are two utterances: the pauses of our sentences are shorter."""

KEYS_SECONDS_MAX: Final = 3.0
"""Keys with a longer wait between them stand apart."""

SOUND: Final = "("
"""How the text of what is no speech begins: `(gentle music)`."""

EARLY_SECONDS: Final = 0.1
"""Recognition may place the beginning of words so much before the instant they were said."""

PAID_TO: Final = re.compile(r"talk paid to (?:(?P<days>\d+) days?, )?(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d(?:\.\d+)?)\Z")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys a party pressed in a row."""

    at: float
    order: float
    party: str
    shown: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words to a party: what the switch said, what was heard, or both."""

    at: float
    order: float
    party: str
    said: str
    """Empty for what another person said."""
    heard: str
    since: float | None
    """When they began to be heard."""
    until: float | None
    is_watched: bool
    """Whether anybody listened at this party's phone."""


@dataclass(frozen=True, slots=True)
class Note:
    """A state, an observation of the media, or money: what the timeline tells in its own words."""

    at: float
    order: float
    kind: Kind
    source: str
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Talk paid by a hold, in instants of the run."""

    at: float
    """When it was held."""
    since: float
    until: float
    text: str


Seen = Message | Keys | Words | Note


def seen_of(call: CallSeen) -> list[Seen]:
    """Everything of a call, in order of time."""
    found: list[Seen] = [*messages(call), *_keys(call), *_words(call), *_notes(call)]
    return sorted(found, key=lambda each: (each.at, each.order))


def grants(call: CallSeen) -> list[Grant]:
    """The steps in which the talk was paid: each from where the one before ended."""
    if call.accepted_at is None:
        return []
    found: list[Grant] = []
    since = call.accepted_at
    for item in call.timeline:
        paid = PAID_TO.search(item.text) if item.kind == Kind.MONEY.value else None
        if paid is None:
            continue
        talk = int(paid["days"] or 0) * 86400 + int(paid["h"]) * 3600 + int(paid["m"]) * 60 + float(paid["s"])
        until = call.accepted_at + talk
        found.append(Grant(item.at, since, until, item.text))
        since = until
    return found


def entries(call: CallSeen) -> dict[tuple[str, str], list[PostingSeen]]:
    """The postings by their entry and its kind."""
    found: dict[tuple[str, str], list[PostingSeen]] = {}
    for posting in call.postings:
        found.setdefault((posting.entry, posting.kind), []).append(posting)
    return found


def phone_of(call: CallSeen, party: str) -> PhoneSide | None:
    """A party's phone: the one that answered, where several rang."""
    phones = [phone for phone in call.phones if phone.party == party]
    return max(phones, key=lambda phone: (phone.answered_at is not None, len(phone.levels)), default=None)


def _keys(call: CallSeen) -> list[Keys]:
    """Keys as pressed; where no phone tells, as the switch noted them, which is without saying which."""
    pressed = {party: [(each.at, each.key) for each in keys] for party, keys in keys_shown(call).items()}
    noted: dict[str, list[tuple[float, str]]] = {}
    for item in call.timeline:
        if item.kind == Kind.KEY.value:
            noted.setdefault(item.source, []).append((item.at, HIDDEN_KEY))
    found: list[Keys] = []
    for party in PARTIES:
        row: list[tuple[float, str]] = []
        for at, key in [*(pressed.get(party) or noted.get(party, [])), (float("inf"), "")]:
            if row and at - row[-1][0] > KEYS_SECONDS_MAX:
                found.append(Keys(row[0][0], 0.0, party, "".join(each for _, each in row)))
                row = []
            row.append((at, key))
    return found


def _words(call: CallSeen) -> list[Words]:
    """What each party was told, and what it heard: the switch's words with what arrived of them, and other people's."""
    found: list[Words] = []
    for party in PARTIES:
        clips = sorted(
            (clip for phone in call.phones if phone.party == party for clip in phone.heard), key=lambda clip: clip.at
        )
        said = [item for item in call.timeline if item.kind == Kind.WORDS.value and item.target == party]
        utterances = _utterances(said, clips)
        for item, heard in utterances:
            at, order, text = (heard[0].at, 0.0, "") if item is None else (item.at, item.number, item.text)
            heard_text = _text_of(heard)
            found.append(Words(at, order, party, text, heard_text, heard[0].at, heard[-1].until, is_watched=True))
        told = {item.number for item, _ in utterances if item is not None}
        found += [
            Words(item.at, item.number, party, item.text, "", None, None, is_watched=bool(clips))
            for item in said
            if item.number not in told
        ]
    return found


def _utterances(said: Sequence[Moment], clips: Sequence[ClipHeard]) -> list[tuple[Moment | None, list[ClipHeard]]]:
    """Clips put together: those of one thing the switch said, and those of other voices without a pause."""
    found: list[tuple[Moment | None, list[ClipHeard]]] = []
    for clip in clips:
        before = [item for item in said if item.at <= clip.at + EARLY_SECONDS]
        by = before[-1] if before and _letters(clip.text) in _letters(before[-1].text) else None
        last_by, last = found[-1] if found else (None, [])
        is_speech = not any(each.text.startswith(SOUND) for each in (clip, *last[-1:]))
        if last and last_by is by and (by or (is_speech and clip.at - last[-1].until <= PAUSE_SECONDS_MAX)):
            last.append(clip)
        elif by is not None and any(by is each for each, _ in found):
            found.append((None, [clip]))
        else:
            found.append((by, [clip]))
    return found


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _text_of(clips: Sequence[ClipHeard]) -> str:
    """The words in a row; dots where some were not recognised, or not heard to their end."""
    text = ""
    for number, clip in enumerate(clips):
        gap = number > 0 and clip.at - clips[number - 1].until > PAUSE_SECONDS_MAX
        text += (" … " if gap else " ") + (clip.text or clip.clip) + ("" if clip.is_whole else " …")
    return text.strip()


def _notes(call: CallSeen) -> list[Note]:
    kinds = {Kind.STATE.value, Kind.MEDIA.value, Kind.MONEY.value}
    return [
        Note(item.at, item.number, Kind(item.kind), item.source, item.target, item.text)
        for item in call.timeline
        if item.kind in kinds
    ]
