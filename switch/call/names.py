"""Names that people spoke: recorded from their line, trimmed, and kept as clips of a folder.

The folder holds `spoken/<digest>.wav`; a digest, because what is the name of a file must not be anybody's name. Of a
call nothing stays in it but the name of a person: the switch that finds a call without its switch removes the rest.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ivr.keys import exactly
from ivr.words import BEEP
from ledger.money import CallId
from prompts.audio import AudioError, load_wav, save_wav
from prompts.catalog import ClipId
from prompts.level import tidied
from switch.call.line import Line
from switch.call.services import Services
from switch.directory.people import PersonId


def name_of_person(person_id: PersonId) -> ClipId:
    """The clip of the name a person spoke on the first call."""
    return _clip(f"person {person_id}")


def name_of_call(call_id: CallId) -> ClipId:
    """The clip of the name that was spoken for one call."""
    return _clip(f"call {call_id}")


async def record_name(services: Services, caller: Line, clip: ClipId, longest: float, *, call_id: CallId) -> bool:
    """Sound the tone, record what is said until a key or the time ends it, and keep it; False: nothing was heard."""
    assert services.names is not None, "a profile that records names has a folder for them"
    # Two calls of one person may record at once: each its own file, until it is the name.
    taken = _taken(services.names, call_id)
    tape = services.media.record(caller.media, caller.media, taken)
    is_complete = False
    try:
        await caller.ask((BEEP,), is_complete=exactly(1), end="#", first=longest, between=longest)
        tape.stop()
        is_complete = await tape.completed()
        name = tidied(load_wav(taken)) if is_complete else None
    except AudioError:  # Too short to hold a sample: a key before the tone.
        name = None
    finally:
        if not is_complete:
            tape.stop()
            await tape.completed()
        taken.unlink(missing_ok=True)
    if name is None:
        return False
    save_wav(_file(services.names, clip), name)
    return True


def forget_names(folder: Path, call_id: CallId) -> None:
    """Remove the name that was spoken for one call, and what a switch that died had taken of one."""
    _file(folder, name_of_call(call_id)).unlink(missing_ok=True)
    _taken(folder, call_id).unlink(missing_ok=True)


def _file(folder: Path, clip: ClipId) -> Path:
    return folder / f"{clip}.wav"


def _taken(folder: Path, call_id: CallId) -> Path:
    return folder / f"{name_of_call(call_id)}.taken.wav"


def _clip(whose: str) -> ClipId:
    return ClipId(f"spoken/{hashlib.sha256(whose.encode()).hexdigest()[:24]}")
