"""Names that people spoke: recorded from their line, trimmed, and kept as clips of a folder.

The folder holds `spoken/<digest>.wav`; a digest, because what is the name of a file must not be anybody's name.
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


async def record_name(services: Services, caller: Line, clip: ClipId, longest: float) -> bool:
    """Sound the tone, record what is said until a key or the time ends it, and keep it; False: nothing was heard."""
    assert services.names is not None, "a profile that records names has a folder for them"
    path = services.names / f"{clip}.wav"
    # Two calls of one person may record at once: each its own file, that of its port, until it is the name.
    taken = path.with_name(f"{path.stem}.{caller.media.address[1]}.taken.wav")
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
    save_wav(path, name)
    return True


def forget_name(folder: Path, clip: ClipId) -> None:
    """Remove the name that was spoken for one call."""
    (folder / f"{clip}.wav").unlink(missing_ok=True)


def _clip(whose: str) -> ClipId:
    return ClipId(f"spoken/{hashlib.sha256(whose.encode()).hexdigest()[:24]}")
