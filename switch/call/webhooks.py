"""Webhooks: alerts as HTTP POSTs of JSON, one after another to each receiver, tried again with growing pauses.

Nothing waits for them. Each receiver has a queue and a task of its own, so that a dead one holds up nobody else;
what no longer fits into its queue, and what is refused for good, is told in the log and dropped.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

from switch.call.alerts import Alert

QUEUE_MAX: Final = 1_000
"""Alerts waiting for one receiver: a busy hour of watched calls, some megabytes at most."""
TRIES: Final = 8
FIRST_PAUSE_SECONDS: Final = 1.0
"""Pauses double: eight tries take two minutes, as long as a receiver takes to be restarted."""
ANSWER_SECONDS: Final = 10.0
LAST_SECONDS: Final = 3.0
"""How long the end of the switch waits for alerts that are still to be sent."""
THREADS: Final = 4
"""Receivers that are spoken to at the same time."""

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Sends a body to a URL; the status of the answer.

Raises `OSError` or `http.client.HTTPException` where there is none.
"""


class Webhooks:
    """The queues of all receivers. `send` returns at once; `close` waits a little for the rest."""

    def __init__(self, post: Post, log: Any) -> None:
        self._post = post
        self._log = log
        self._queues: dict[str, asyncio.Queue[Alert]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closed = False

    def send(self, alert: Alert) -> None:
        """Queue an alert for its receiver."""
        url = alert.watch.url
        assert url is not None, "a watch without a receiver sends nothing"
        queue = self._queues.get(url)
        if queue is None:
            queue = self._queues[url] = asyncio.Queue(QUEUE_MAX)
            self._tasks.append(asyncio.create_task(self._work(queue)))
        if self._is_closed or queue.full():
            self._drop(alert, "the queue is full" if queue.full() else "the switch ends")
            return
        queue.put_nowait(alert)

    async def close(self) -> None:
        """Send what is queued, for a moment; what is left is dropped and told."""
        self._is_closed = True
        waiting = [asyncio.create_task(queue.join()) for queue in self._queues.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=LAST_SECONDS)
        for task in (*self._tasks, *waiting):
            task.cancel()
        await asyncio.gather(*self._tasks, *waiting, return_exceptions=True)
        for queue in self._queues.values():
            while not queue.empty():
                self._drop(queue.get_nowait(), "the switch ends")

    async def _work(self, queue: asyncio.Queue[Alert]) -> None:
        """Deliver to one receiver, in order."""
        while True:
            alert = await queue.get()
            try:
                await self._deliver(alert)
            except asyncio.CancelledError:
                self._drop(alert, "the switch ends")
                raise
            except Exception:  # noqa: BLE001 - a fault of ours must not end what is sent after it
                self._log.exception("webhook_failed", alert=alert.alert_id)
            finally:
                queue.task_done()

    async def _deliver(self, alert: Alert) -> None:
        """Try until it is taken, or refused for good, or too often."""
        pause, problem = FIRST_PAUSE_SECONDS, ""
        for number in range(TRIES):
            if number:
                await asyncio.sleep(pause)
                pause *= 2
            try:
                status = await self._post(alert.watch.url or "", alert.body.encode(), _headers(alert))
            except (OSError, http.client.HTTPException) as error:
                problem = str(error) or type(error).__name__
                continue
            if 200 <= status < 300:
                return
            problem = f"status {status}"
            if status < 500 and status not in {408, 429}:
                break  # It was understood, and is not wanted: asking again changes nothing.
        self._drop(alert, problem)

    def _drop(self, alert: Alert, why: str) -> None:
        self._log.error("alert_dropped", alert=alert.alert_id, watch=alert.watch.name, url=alert.watch.url, why=why)


class ThreadedPost:
    """`Post` by the standard library, in threads of its own. Redirects are not followed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send, and wait for the answer without blocking the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _post, url, body, headers)

    def close(self) -> None:
        """Let go of the threads; one that waits for an answer ends with its time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=ANSWER_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=ANSWER_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _headers(alert: Alert) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "payphone", "X-Payphone-Alert": alert.alert_id}
    if alert.watch.secret is not None:
        headers["Authorization"] = f"Bearer {alert.watch.secret}"
    return headers
