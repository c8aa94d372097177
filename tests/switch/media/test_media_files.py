from __future__ import annotations

import resource

import pytest

from switch.media.files import OTHER_FILES, TooFewFilesError, even_ports, raise_file_limit, required_files


@pytest.mark.parametrize(
    ("ports", "even"),
    [
        (range(40000, 40006), [40000, 40002, 40004]),
        (range(40001, 40006), [40002, 40004]),
        (range(40001, 40002), []),
        (range(5, 2), []),
    ],
)
def test_rtp_takes_the_even_ports(ports: range, even: list[int]) -> None:
    assert list(even_ports(ports)) == even


def test_two_legs_need_two_sockets_and_a_recording() -> None:
    assert required_files(range(40000, 40004)) == 3 + OTHER_FILES


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The limits in force, the last one counting; starts at 1024 of 4096."""
    history = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: history[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: history.append(limits))
    return history


def test_the_soft_limit_is_raised_where_it_is_lower(limits: list[tuple[int, int]]) -> None:
    assert raise_file_limit(1000) == 1024
    assert raise_file_limit(2000) == 2000
    assert limits == [(1024, 4096), (2000, 4096)]


def test_a_hard_limit_too_low_is_told_with_the_remedy(limits: list[tuple[int, int]]) -> None:
    with pytest.raises(TooFewFilesError, match="5000 open files are needed and 4096 allowed: narrow") as caught:
        raise_file_limit(5000)
    assert (caught.value.needed, caught.value.allowed) == (5000, 4096)
    assert limits == [(1024, 4096)]


def test_no_limit_is_enough(limits: list[tuple[int, int]]) -> None:
    limits.append((1024, resource.RLIM_INFINITY))
    assert raise_file_limit(9000) == 9000
    limits.append((resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert raise_file_limit(9000) == resource.RLIM_INFINITY
