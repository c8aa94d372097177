"""Alerts of watched calls, and the webhooks that carry them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from switch.call.alerts import Alert
from switch.call.timeline import Kind
from switch.call.webhooks import QUEUE_MAX, TRIES, ThreadedPost, Webhooks
from switch.directory.rules import Moment, Watch
from tests.support.switchboard import switchboard

NUMBER = "+12125550123"
NOON = datetime(2021, 6, 1, 12, tzinfo=UTC)
SECRET = "hush-receiver"
WATCHED = Watch("family", NUMBER, None, frozenset(Moment), "https://alerts.example/in", SECRET)


def alert(name: str, url: str = "https://alerts.example/in") -> Alert:
    watch = Watch("family", NUMBER, None, frozenset(Moment), url, SECRET)
    return Alert(watch, name, json.dumps({"call": name}))


@dataclass
class Receiver:
    """A transport that answers as it is told, then 204."""

    answers: list[int | OSError] = field(default_factory=list)
    taken: list[tuple[float, str, Mapping[str, str]]] = field(default_factory=list)
    silent_for: float = 0.0

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        await asyncio.sleep(self.silent_for)
        self.taken.append((asyncio.get_running_loop().time(), json.loads(body)["call"], headers))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, OSError):
            raise answer
        return answer


def webhooks(receiver: Receiver) -> Webhooks:
    return Webhooks(receiver, structlog.get_logger("test"))


async def test_alerts_arrive_in_order_with_their_id_and_the_secret() -> None:
    receiver = Receiver()
    hooks = webhooks(receiver)
    for name in ("one", "two"):
        hooks.send(alert(name))
    await asyncio.sleep(0.1)
    assert [name for _, name, _ in receiver.taken] == ["one", "two"]
    headers = receiver.taken[0][2]
    assert (headers["X-Payphone-Alert"], headers["Authorization"]) == ("one", f"Bearer {SECRET}")
    await hooks.close()


async def test_a_receiver_that_fails_is_asked_again_with_growing_pauses() -> None:
    receiver = Receiver([OSError("refused"), 500, 429, 204])
    hooks = webhooks(receiver)
    began = asyncio.get_running_loop().time()
    hooks.send(alert("one"))
    hooks.send(alert("two"))
    await asyncio.sleep(10)
    assert [(round(at - began, 1), name) for at, name, _ in receiver.taken] == [
        (0.0, "one"),
        (1.0, "one"),
        (3.0, "one"),
        (7.0, "one"),
        (7.0, "two"),
    ]
    await hooks.close()


@pytest.mark.parametrize(
    ("answers", "tries", "why"), [([404], 1, "status 404"), ([OSError("refused")] * TRIES, TRIES, "refused")]
)
async def test_what_is_refused_for_good_or_too_often_is_dropped_and_told(
    answers: list[int | OSError], tries: int, why: str
) -> None:
    receiver = Receiver(list(answers))
    with capture_logs() as logged:
        hooks = webhooks(receiver)
        hooks.send(alert("one"))
        await asyncio.sleep(300)
        await hooks.close()
    assert len(receiver.taken) == tries
    assert [(line["event"], line["why"]) for line in logged] == [("alert_dropped", why)]
    assert SECRET not in str(logged)


async def test_a_dead_receiver_holds_up_nobody_else_and_its_queue_is_bounded() -> None:
    dead, alive = Receiver(silent_for=1000), Receiver()

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return await (dead if "dead" in url else alive)(url, body, headers)

    with capture_logs() as logged:
        hooks = Webhooks(post, structlog.get_logger("test"))
        hooks.send(alert("first", "https://dead.example"))
        await asyncio.sleep(0.1)
        for number in range(QUEUE_MAX + 5):
            hooks.send(alert(f"{number}", "https://dead.example"))
        hooks.send(alert("one"))
        await asyncio.sleep(0.1)
        assert [name for _, name, _ in alive.taken] == ["one"]
        assert [line["why"] for line in logged] == ["the queue is full"] * 5
        began = asyncio.get_running_loop().time()
        await hooks.close()
        assert asyncio.get_running_loop().time() - began <= 3.1
    assert len(logged) == 5 + QUEUE_MAX + 1


async def test_after_the_end_nothing_is_sent() -> None:
    receiver = Receiver()
    with capture_logs() as logged:
        hooks = webhooks(receiver)
        await hooks.close()
        hooks.send(alert("late"))
        await asyncio.sleep(1)
        await hooks.close()
    assert not receiver.taken
    assert {line["why"] for line in logged} == {"the switch ends"}


async def test_a_fault_of_ours_ends_nothing_that_is_sent_after_it() -> None:
    calls: list[str] = []

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        calls.append(json.loads(body)["call"])
        if len(calls) == 1:
            raise ZeroDivisionError
        return 204

    with capture_logs() as logged:
        hooks = Webhooks(post, structlog.get_logger("test"))
        for name in ("one", "two"):
            hooks.send(alert(name))
        await asyncio.sleep(0.1)
        await hooks.close()
    assert calls == ["one", "two"]
    assert [line["event"] for line in logged] == ["webhook_failed"]


def test_the_secret_is_never_shown() -> None:
    assert SECRET not in repr(WATCHED)
    assert SECRET not in repr(alert("one"))


@pytest.mark.parametrize(
    ("number", "person", "is_seen"),
    [
        (NUMBER, None, True),
        (None, "jordan", True),
        (NUMBER, "jordan", True),
        (NUMBER, "sam", False),
        (None, "sam", False),
    ],
)
def test_a_watch_sees_a_number_a_person_or_both(number: str | None, person: str | None, is_seen: bool) -> None:
    assert Watch("w", number, person, frozenset(Moment)).sees(NUMBER, "jordan") is is_seen


async def test_a_watch_without_a_receiver_tells_timeline_and_log(tmp_path: Path) -> None:
    more = f'[[watches]]\nname = "family"\nnumber = "{NUMBER}"\nevents = ["ended"]\n'
    with capture_logs() as logged:
        async with switchboard(tmp_path, more=more) as board:
            call = await (await board.phone("yard")).dial(NUMBER[1:])
            await call.answered()
            await call.press("4417")
            await call.wait_for_end()
            await board.record()
            told = [item.text for item in board.timelines[0].items if item.kind is Kind.STATE]
            assert "alert family: call ended" in told
    assert [line["moment"] for line in logged if line["event"] == "watched_call"] == ["ended"]


@contextmanager
def web_server(status: int) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """A real web server on this machine, and what it got."""
    got: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/in?from=payphone", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.realtime
async def test_a_real_web_server_gets_an_alert() -> None:
    post = ThreadedPost()
    with web_server(204) as (url, got), capture_logs() as logged:
        hooks = Webhooks(post, structlog.get_logger("test"))
        hooks.send(alert("one", url))
        await hooks.close()
    post.close()
    ((path, headers, body),) = got
    assert (path, body) == ("/in?from=payphone", b'{"call": "one"}')
    assert (headers["Content-Type"], headers["Authorization"]) == ("application/json", f"Bearer {SECRET}")
    assert not logged


@pytest.mark.realtime
async def test_where_nobody_listens_the_call_to_it_fails() -> None:
    post = ThreadedPost()
    with web_server(204) as (url, _):
        pass
    with pytest.raises(OSError):
        await post(url, b"{}", {})
    post.close()
