from __future__ import annotations

from random import Random

from switch.sip.tokens import Tokens


def test_the_same_chance_makes_the_same_tokens() -> None:
    one, other = Tokens(Random(7)), Tokens(Random(7))
    assert [one.branch(), one.tag(), one.call_id("h")] == [other.branch(), other.tag(), other.call_id("h")]


def test_no_token_comes_twice() -> None:
    tokens = Tokens(Random(7))
    made = [make() for _ in range(500) for make in (tokens.branch, tokens.tag, tokens.cnonce)]
    assert len(set(made)) == len(made)


def test_tokens_have_the_form_their_fields_need() -> None:
    tokens = Tokens(Random(7))
    assert tokens.branch().startswith("z9hG4bK")
    assert len(tokens.branch()) == 25
    assert tokens.call_id("192.0.2.1").endswith("@192.0.2.1")
    assert 0 <= tokens.session_id() < 2**62
