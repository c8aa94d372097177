"""What every part of a scenario shares: frozen, no unknown key, words with spaces for keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

KEYS_PATTERN: Final = r"^[0-9A-D*#]+$"
"""The sixteen keys of RFC 4733 §3.2 without flash."""

TONE_HERTZ: Final = (100, 3400)
"""What a telephone carries."""


def spoken(name: str) -> str:
    """The key of a field: `hangs_up` is written `hangs up`."""
    return name.rstrip("_").replace("_", " ")


def _as_text(value: object) -> object:
    """A whole number without quotes means its digits: nothing is lost, its signs and zeros are kept as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Part(BaseModel):
    """A mapping of the language. It remembers the order in which its keys were written."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=spoken, arbitrary_types_allowed=True)

    _order: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _keep_order(cls, value: Any, handler: ModelWrapValidatorHandler[Part]) -> Part:
        part = handler(value)
        if isinstance(value, Mapping):
            part._order = tuple(value)
        return part

    @property
    def order(self) -> tuple[str, ...]:
        """The keys as they were written."""
        return self._order

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Every key it may have."""
        return tuple(spoken(name) for name in cls.model_fields)


Text = Annotated[str, BeforeValidator(_as_text)]
Keys = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(pattern=KEYS_PATTERN),
    WithJsonSchema({"type": ["string", "integer"], "pattern": KEYS_PATTERN, "description": "Keys, one after another."}),
]
Number = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(min_length=1, max_length=64),
    WithJsonSchema({"type": ["string", "integer"], "description": "What is dialled."}),
]
