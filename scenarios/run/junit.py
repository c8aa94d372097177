"""Results as JUnit XML, as continuous integration reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from scenarios.play.result import Result, Verdict
from scenarios.run.ladders import ladders


def write_junit(results: Sequence[Result], path: Path) -> None:
    """Write one suite with a case for each scenario."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite(results)).write(path, encoding="utf-8", xml_declaration=True)


def suite(results: Sequence[Result]) -> ElementTree.Element:
    """The suite of all results."""
    failed = sum(result.verdict is Verdict.FAILED for result in results)
    wrong = sum(result.verdict is Verdict.WRONG for result in results)
    element = ElementTree.Element(
        "testsuite",
        name="payphone scenarios",
        tests=str(len(results)),
        failures=str(failed),
        errors=str(wrong),
        time=f"{sum(result.real_seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            element,
            "testcase",
            classname=result.file,
            name=result.scenario,
            time=f"{result.real_seconds:.3f}",
        )
        properties = ElementTree.SubElement(case, "properties")
        for name, value in (("seed", str(result.seed)), ("virtual_seconds", f"{result.virtual_seconds:.3f}")):
            ElementTree.SubElement(properties, "property", name=name, value=value)
        if not result.is_passed:
            kind = "failure" if result.verdict is Verdict.FAILED else "error"
            told = ElementTree.SubElement(case, kind, message=_printable(result.fault))
            told.text = _printable(ladders(result.calls))
    return element


def _printable(text: str) -> str:
    """Text without the characters XML cannot hold."""
    return "".join(letter for letter in text if letter in "\t\n" or letter >= " ")
