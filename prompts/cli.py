"""The command `python -m prompts`: list, check, render, say and hear the words; take Asterisk's voices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final, NoReturn

import numpy as np
import typer

from prompts.asterisk import NAMES, SOUNDS, bring_over, voice_folder
from prompts.audio import RATE, AudioError, Library, load_wav, save_wav
from prompts.catalog import ENGLISH, LANGUAGES, PLAIN_LANGUAGE, CatalogError, ClipId, load_catalog
from prompts.level import active_level
from prompts.manifest import Problem, problems, settings_of
from prompts.recognise import Recogniser
from prompts.render import RenderError, make_voice, render
from prompts.tongue import Tongue, tongue_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The recorded words.")

LANGUAGE_HELP: Final = "en, es, or a folder with a catalog.toml of your own"


def _folder(language: str) -> Path:
    return LANGUAGES.get(language, Path(language))


Language = Annotated[Path, typer.Option("--language", parser=_folder, help=f"{LANGUAGE_HELP}.")]
Languages = Annotated[
    list[Path] | None,
    typer.Option("--language", parser=_folder, help=f"{LANGUAGE_HELP}; all that come with payphone if left out."),
]


@app.command("list")
def list_clips(language: Language = ENGLISH, prefix: str = typer.Argument("", help="Only ids that start so.")) -> None:
    """Show every clip: id, length, level, words."""
    try:
        for clip in load_catalog(language):
            if clip.clip_id.startswith(prefix):
                audio = load_wav(language / f"{clip.clip_id}.wav")
                length, level = len(audio) / RATE, active_level(audio)
                typer.echo(f"{clip.clip_id:34} {length:6.2f} s {level:6.1f} dBov  {clip.words}")
    except (CatalogError, AudioError) as error:
        _fail(str(error))


@app.command()
def check(languages: Languages = None) -> None:
    """Tell every recording that is missing, out of date, altered or not asked for."""
    found: list[Problem] = []
    try:
        for folder in languages or LANGUAGES.values():
            catalog = load_catalog(folder)
            of_language = problems(catalog, folder, settings_of(catalog))
            found += of_language
            for problem in of_language:
                typer.echo(f"{catalog.language}: {problem}")
    except CatalogError as error:
        _fail(str(error))
    if found:
        _fail(f"{len(found)} recordings are not as the catalog asks; run `make voice`")


@app.command("render")
def render_clips(languages: Languages = None) -> None:
    """Render what changed, with the voice each catalog names."""
    made = 0
    try:
        for folder in languages or LANGUAGES.values():
            catalog = load_catalog(folder)
            made += render(catalog, folder, settings_of(catalog), make_voice, typer.echo)
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed here; run `make voice`")
    except (CatalogError, RenderError) as error:
        _fail(str(error))
    typer.echo(f"{made} rendered")


@app.command()
def say(
    said: Annotated[list[str], typer.Argument(help="Ids, or amount=0.375 duration=90 digits=+12125550123 key=5.")],
    to: Annotated[Path, typer.Option(help="The WAV file to write.")] = Path("out.wav"),
    overrides: Annotated[Path | None, typer.Option(help="A folder of your own recordings.")] = None,
    language: Language = ENGLISH,
) -> None:
    """Join clips into a WAV file, to listen to a whole announcement."""
    try:
        tongue = tongue_of(load_catalog(language).language)
        clip_ids = [clip_id for part in said for clip_id in _spoken(part, tongue)]
        library = _library(language, overrides)
        audio = np.concatenate(library.sequence(clip_ids))
    except (CatalogError, AudioError, ValueError) as error:
        _fail(str(error))
    save_wav(to, audio)
    typer.echo(f"{to}: {len(audio) / RATE:.1f} s: {library.catalog.text(clip_ids)}")


@app.command()
def hear(
    file: Annotated[Path, typer.Argument(help="A recording at 8 kHz, of what a phone received.")],
    overrides: Annotated[Path | None, typer.Option(help="A folder of your own recordings.")] = None,
    language: Language = ENGLISH,
) -> None:
    """Tell which clips are heard in a WAV file, and when."""
    try:
        library = _library(language, overrides)
        audio = load_wav(file)
        recogniser = Recogniser({clip_id: library.clip(clip_id) for clip_id in library.catalog.clip_ids})
    except (CatalogError, AudioError) as error:
        _fail(str(error))
    for heard in recogniser.heard(audio):
        interrupted = "" if heard.is_whole else " (interrupted)"
        words_said = library.catalog.text([heard.clip_id])
        typer.echo(f"{heard.at:8.2f} {heard.until:8.2f}  {heard.clip_id:34} {words_said}{interrupted}")


@app.command("asterisk")
def bring_asterisk(
    sounds: Annotated[Path, typer.Argument(help="Folder of Asterisk's voices.")] = SOUNDS,
    to: Annotated[Path, typer.Argument(help="The folder of overrides to write into.")] = Path("asterisk-prompts"),
) -> None:
    """Take what Asterisk's voices say of our words into a folder of overrides."""
    voices = {language: voice_folder(sounds, language) for language in NAMES}
    if not any(voices.values()):
        _fail(f"{sounds}: there is no voice there; apt-get install asterisk-core-sounds-en-wav")
    for language, voice in voices.items():
        if voice is None:
            continue
        try:
            brought = bring_over(voice, language, to)
        except AudioError as error:
            _fail(str(error))
        typer.echo(f"{to}: {len(brought.clip_ids)} clips by {voice.name}")
        if brought.lacking:
            typer.echo(f"it has no sound for {', '.join(brought.lacking)}; our own are heard there")


def _library(language: Path, overrides: Path | None) -> Library:
    """A language with the sounds all share, which lie with the English words."""
    is_plain = load_catalog(language).language == PLAIN_LANGUAGE
    return Library(language, overrides) if is_plain else Library(ENGLISH, overrides, others=(language,))


def _spoken(part: str, tongue: Tongue) -> tuple[ClipId, ...]:
    kind, has_value, value = part.partition("=")
    if not has_value:
        return (ClipId(part),) if part.startswith(f"{tongue.language}/") else tongue.clips(part)
    match kind:
        case "amount":
            try:
                return tongue.amount(Decimal(value))
            except InvalidOperation:
                raise ValueError(f"{value!r} is not an amount; write for example amount=0.375") from None
        case "duration":
            return tongue.duration(timedelta(seconds=int(value)))
        case "digits":
            return tongue.digits(value)
        case "key":
            return tongue.key(value)
        case _:
            raise ValueError(f"{kind!r} cannot be said; amount, duration, digits and key can")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
