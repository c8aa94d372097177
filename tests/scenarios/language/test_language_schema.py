"""The published schema knows what the reader knows."""

from __future__ import annotations

import json

from scenarios.language.expectations import After, Expect
from scenarios.language.scenario import KINDS, Header
from scenarios.language.schema import schema, schema_text
from scenarios.language.steps import ActorStep


def test_every_key_of_a_scenario_is_in_the_schema() -> None:
    whole = schema()
    assert set(whole["properties"]) == set(Header.keys())
    for model in (ActorStep, Expect, After, *KINDS.values()):
        assert set(whole["$defs"][model.__name__]["properties"]) == set(model.keys())


def test_every_reference_leads_somewhere() -> None:
    whole = schema()
    text = schema_text()
    names = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert names
    assert names <= set(whole["$defs"])


def test_a_step_may_be_anything_that_happens_or_a_telephone() -> None:
    step = schema()["$defs"]["Step"]
    assert set(step["properties"]) == {*KINDS, "wait", "together"}
    assert step["additionalProperties"] == {"$ref": "#/$defs/ActorStep"}


def test_the_schema_refuses_unknown_keys() -> None:
    assert schema()["additionalProperties"] is False
    assert schema()["$defs"]["ActorStep"]["additionalProperties"] is False


def test_the_text_is_json() -> None:
    assert json.loads(schema_text()) == schema()
