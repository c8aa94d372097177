"""The pages keep to the code: what they name exists, and what can be configured is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from ivr.profile import Inside, Keys, Outside, Talking
from ivr.reasons import Reason
from ivr.third_party import ThirdParty
from switch.app.billing_tables import AccountTable, AllowanceTable, BillingTable, FeeTable, FreeDaysTable
from switch.app.config import Config, load_config
from switch.app.world import build_world

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "*/README.md", "*/*/README.md")
    for path in ROOT.glob(pattern)
    if not any(part.startswith(".") or part == "out" for part in path.relative_to(ROOT).parts)
)
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    missing = [target for target in targets if not _is_there(page, target)]
    assert not missing


def test_the_example_of_accounts_and_billing_is_a_configuration_that_is_right(tmp_path: Path) -> None:
    files = re.findall(r"^```toml\n# (\S+\.toml)\n(.*?)^```$", CONFIGURATION, re.MULTILINE | re.DOTALL)
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [name for name, _ in files] == ["billing.toml", "taxes.toml"]
    path = tmp_path / "billing.toml"
    world = build_world(load_config(path), str(path), tmp_path)
    assert len(world.pricing.taxes.levies) == 2
    for table in (AccountTable, AllowanceTable, FreeDaysTable, BillingTable, FeeTable):
        missing = [key for key in _keys(table) if not re.search(rf"^{key} = ", files[0][1], re.MULTILINE)]
        assert not set(missing) - {"until", "since"}


@pytest.mark.parametrize(
    "table", [Config, Keys, Inside, Outside, Talking, ThirdParty], ids=lambda table: table.__name__
)
def test_every_key_of_the_configuration_and_of_profiles_is_described(table: type[BaseModel]) -> None:
    missing = [key for key in _keys(table) if f"`{key}`" not in CONFIGURATION and f"[{key}]" not in CONFIGURATION]
    assert not missing


def test_every_reason_of_a_record_is_described() -> None:
    assert not [reason.value for reason in Reason if f"`{reason.value}`" not in CONFIGURATION]


def test_every_counter_is_described() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "switch" / "agent").glob("*.py"))
    counted = set(re.findall(r"(?:counters\[|_drop\()\"(\w+)\"", sources))
    assert len(counted) > 10
    assert not [name for name in counted if f"`{name}`" not in CONFIGURATION]


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    app = typer.Typer()
    for entry in entry_points(group="payphone.commands"):
        entry.load()(app)
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    names += [group.name for group in app.registered_groups if group.name]
    assert len(names) > 5
    assert not [name for name in names if not re.search(rf"`(?:payphone )?{name}\b", readme)]


def _is_there(page: Path, target: str) -> bool:
    path, _, heading = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not heading:
        return file.exists()
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings}


def _keys(table: type[BaseModel]) -> Iterator[str]:
    """Every key of a table and of the tables within it."""
    for name, field in table.model_fields.items():
        yield name
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _keys(inner)
