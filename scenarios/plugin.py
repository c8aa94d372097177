"""Fixtures for pytest: a whole switch in virtual time for every test that asks for one.

    import pytest

    @pytest.mark.payphone(world="demo-6s", accounts={"+12125550123": {"advancepay": "0.075"}})
    async def test_the_money_runs_out(phone, ledger):
        caller, family = phone("station 4-yard"), phone("family")
        await caller.dials("2125550123")
        await caller.presses("4417")
        await family.rings(3)
        await family.answers()
        await family.presses("5")
        await family.is_released(within=60)
        assert (await ledger.record()).why == "funds-exhausted"
        assert await ledger.balance("family") == "0"

Such tests need no other plugin. What must always hold is checked after each; a test that fails tells its
seed and shows the ladders of its calls, and leaves its report in the folder of `--payphone-reports`.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from ledger.records import CallRecord
    from scenarios.play.actor import Actor
    from scenarios.play.result import Result
    from scenarios.play.setting import Setting
    from scenarios.play.stage import Stage
    from switch.app.switch import Switch

MARK: Final = "payphone"
FIXTURES: Final = frozenset({"world", "switch", "phone", "ledger", "stage"})
WORLD: Final = "demo-6s"
REPORTS: Final = "payphone-reports"
PLAYED: Final = pytest.StashKey["Played"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("payphone")
    group.addoption("--payphone-seed", type=int, default=None, help="instead of the seed of each test")
    group.addoption("--payphone-reports", type=Path, default=Path(REPORTS), help="where failing tests leave reports")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"{MARK}(world, seed=1, **amendments): the world of a test of a switch")


class Played:
    """One test's stage, on a loop of its own."""

    def __init__(self, setting: Setting, folder: Path, seed: int) -> None:
        # Whoever runs tests of something else does not wait for numpy, pydantic and the book.
        from scenarios.play.api import virtual_loop  # noqa: PLC0415
        from scenarios.play.noise import silence  # noqa: PLC0415
        from scenarios.play.stage import staged  # noqa: PLC0415

        silence()
        self.began = time.monotonic()
        self.seed = seed
        self.setting = setting
        self.problems: list[str] = []
        self.runner = asyncio.Runner(loop_factory=virtual_loop(seed))
        self._staged: Callable[[], AbstractAsyncContextManager[Stage]] = lambda: staged(
            setting, folder=folder, seed=seed
        )
        self._entered: AbstractAsyncContextManager[Stage] | None = None
        self._stage: Stage | None = None

    @property
    def stage(self) -> Stage:
        """The stage, set at its first use."""
        if self._stage is None:
            self._stage = self.runner.run(self._enter())
        return self._stage

    def end(self) -> None:
        """Let everybody hang up, see that what must always hold does, and clear the stage."""
        try:
            if self._stage is not None:
                self.runner.run(self._leave(self._stage))
        finally:
            self.runner.close()

    def result(self, fault: str, file: str) -> Result:
        """What came of the test, as reports show it."""
        from scenarios.play.result import Result, Verdict  # noqa: PLC0415 - see above
        from scenarios.play.telling import account_facts, call_facts  # noqa: PLC0415 - see above

        stage = self.stage
        return Result(
            scenario=self.setting.scenario.name,
            file=file,
            rules=(),
            seed=self.seed,
            is_live=False,
            verdict=Verdict.FAILED,
            fault=fault,
            virtual_seconds=stage.now,
            real_seconds=time.monotonic() - self.began,
            calls=tuple(self.runner.run(call_facts(stage, is_recognising=True))),
            accounts=tuple(self.runner.run(account_facts(stage))),
        )

    async def _enter(self) -> Stage:
        self._entered = self._staged()
        return await self._entered.__aenter__()

    async def _leave(self, stage: Stage) -> None:
        from scenarios.play.after import judge_always  # noqa: PLC0415 - see above
        from scenarios.play.run import rest  # noqa: PLC0415 - see above

        assert self._entered is not None, "who leaves has entered"
        try:
            await stage.clear()
            at_rest = await rest(stage)
            checked = await judge_always(stage, at_rest=at_rest)
            self.problems += [f"{each.text}: {each.found}" for each in checked if not each.is_met]
        finally:
            await self._entered.__aexit__(None, None, None)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The book as tests ask it; amounts are decimal strings."""

    stage: Stage

    async def balance(self, owner: str) -> str | None:
        """The balance of a telephone's account, of a number, a person, or an account by its id."""
        account = await self.stage.account(owner)
        return None if account is None else str(account.balance)

    async def held(self, owner: str) -> str | None:
        """What is held of an account."""
        account = await self.stage.account(owner)
        return None if account is None else str(account.held)

    async def deposit(self, owner: str, amount: str) -> None:
        """Deposit, as another program at the same book."""
        from ledger.money import Money  # noqa: PLC0415 - see above
        from scenarios.play.service import deposit  # noqa: PLC0415 - see above

        await deposit(self.stage, owner, Money.from_text(amount))

    async def record(self, of: str | None = None) -> CallRecord:
        """The record of the last call, or of a telephone's last; waits until it is booked."""
        return await self.stage.record(of)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    """The world of the test's mark, read and checked."""
    from scenarios.play.api import setting_of  # noqa: PLC0415 - see above

    mark = request.node.get_closest_marker(MARK)
    wanted: dict[str, Any] = {"world": WORLD, **({} if mark is None else mark.kwargs)}
    if mark is not None and mark.args:
        wanted["world"] = mark.args[0]
    seed = wanted.pop("seed", 1)
    given = request.config.getoption("--payphone-seed")
    setting = setting_of(wanted.pop("world"), name=request.node.name, base=request.path.parent, **wanted)
    played = Played(setting, tmp_path, seed if given is None else given)
    request.node.stash[PLAYED] = played
    yield setting
    played.end()
    if played.problems:
        pytest.fail(f"seed {played.seed}: " + "; ".join(played.problems), pytrace=False)


@pytest.fixture
def stage(request: pytest.FixtureRequest, world: Setting) -> Stage:  # noqa: ARG001 - it makes the stage
    """Everything at once: actors, traces, the clock, the network."""
    played: Played = request.node.stash[PLAYED]
    return played.stage


@pytest.fixture
def switch(stage: Stage) -> Switch:
    """The running switch."""
    return stage.switch


@pytest.fixture
def phone(stage: Stage) -> Callable[[str], Actor]:
    """Gives the owner of a telephone by name: `phone("family")`, `phone("station 4-yard")`."""
    return stage.actor


@pytest.fixture
def ledger(stage: Stage) -> Ledger:
    """The book."""
    return Ledger(stage)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test that has a stage on the stage's own loop."""
    function = inspect.unwrap(pyfuncitem.obj)
    played = pyfuncitem.stash.get(PLAYED, None)
    if played is None or not inspect.iscoroutinefunction(function):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    if pyfuncitem.cls is not None:
        function = function.__get__(pyfuncitem.instance)
    played.runner.run(function(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the seed of a test that failed, show its ladders, and leave its report."""
    report = yield
    played = item.stash.get(PLAYED, None)
    if played is None or call.when != "call" or not report.failed:
        return report
    folder: Path = item.config.getoption("--payphone-reports")
    folder.mkdir(parents=True, exist_ok=True)
    from scenarios.report.page import write_html  # noqa: PLC0415 - see above
    from scenarios.run.ladders import ladders  # noqa: PLC0415 - see above

    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', item.nodeid).strip('-')}.html"
    result = played.result(report.longreprtext, str(item.path))
    write_html([result], path)
    report.sections.append(("payphone", f"seed {played.seed}, report {path}\n{ladders(result.calls)}"))
    return report
