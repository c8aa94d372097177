"""The fixtures, as a suite of somebody else uses them."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

PASSING = """
import pytest

@pytest.mark.payphone(world="demo-6s", accounts={"+12125550123": {"advancepay": "0.025"}})
async def test_the_money_runs_out(phone, ledger, switch):
    caller, family = phone("station 4-yard"), phone("family")
    await caller.dials("2125550123")
    await caller.presses("4417")
    await family.answers()
    await family.presses("5")
    await family.is_released()
    assert (await ledger.record()).why == "funds-exhausted"
    assert await ledger.balance("family") == "0"
    assert not switch.metrics().get("faults")
"""

FAILING = """
class TestIt:
    async def test_fails(self, phone, ledger):
        caller = phone("station 4-yard")
        await caller.dials("2125550126")
        await caller.presses("4417")
        assert (await ledger.record()).why == "something else"
"""


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)


def test_a_test_has_a_whole_switch(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    run(pytester).assert_outcomes(passed=1)


def test_a_failing_test_tells_its_seed_and_leaves_its_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    result = run(pytester, "--payphone-seed", "7")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["seed 7, report *", "*denied: cell-phone"])
    (report,) = (pytester.path / "payphone-reports").iterdir()
    assert report.suffix == ".html"
    assert "cell-phone" in report.read_text()


def test_what_must_always_hold_is_checked_after_a_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("async def test_a_fault(stage):\n    stage.noise.errors.append('something')\n")
    result = run(pytester)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*seed 1: the switch logged no error: something"])


def test_other_tests_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_plain():\n    assert True\n")
    run(pytester).assert_outcomes(passed=1)
