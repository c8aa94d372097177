"""The JSON Schema of scenarios, made from the models that validate them."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import TypeAdapter

from scenarios.language.quantities import Duration
from scenarios.language.scenario import KINDS, TOGETHER, WAIT, Header
from scenarios.language.steps import ActorStep

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Final = "#/$defs/{model}"


def schema() -> dict[str, Any]:
    """The schema as plain values."""
    whole = Header.model_json_schema(by_alias=True, ref_template=REFERENCE)
    defs: dict[str, Any] = whole.pop("$defs", {})
    kinds: dict[str, Any] = {}
    for name, model in KINDS.items():
        kinds[name] = _defined(model.model_json_schema(by_alias=True, ref_template=REFERENCE), model.__name__, defs)
    actor = _defined(ActorStep.model_json_schema(by_alias=True, ref_template=REFERENCE), "ActorStep", defs)
    defs["Step"] = {
        "type": "object",
        "description": "One name with what it does: a telephone, or what happens around the telephones.",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            **kinds,
            WAIT: TypeAdapter(Duration).json_schema(),
            TOGETHER: {
                "type": "array",
                "items": {"$ref": "#/$defs/Step"},
                "description": "Steps that happen at the same time.",
            },
        },
        "additionalProperties": actor,
    }
    whole["properties"]["script"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}}
    return {"$schema": DIALECT, **whole, "title": "payphone scenario", "$defs": dict(sorted(defs.items()))}


def schema_text() -> str:
    """The schema as JSON."""
    return json.dumps(schema(), ensure_ascii=False, indent=2)


def _defined(model: dict[str, Any], name: str, defs: dict[str, Any]) -> dict[str, str]:
    """Move a model among the definitions; the reference to it."""
    defs.update(model.pop("$defs", {}))
    defs[name] = model
    return {"$ref": REFERENCE.format(model=name)}
