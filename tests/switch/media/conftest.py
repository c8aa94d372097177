"""Media drivers: `make_driver` runs whatever asks for it once on each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from switch.media.control import MediaDriver
from tests.support.media_drivers import DRIVERS


@pytest.fixture(params=DRIVERS)
def make_driver(request: pytest.FixtureRequest) -> Callable[..., MediaDriver]:
    return request.param  # type: ignore[no-any-return]
