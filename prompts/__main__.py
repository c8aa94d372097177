"""`python -m prompts`."""

from __future__ import annotations

from prompts.cli import app

app(prog_name="python -m prompts")
