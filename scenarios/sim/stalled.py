"""The error of a world in which nothing can happen any more, and who was waiting in it."""

from asyncio import AbstractEventLoop, Task, all_tasks
from types import CoroutineType, FrameType, GeneratorType
from typing import Any

TASKS_NAMED_MAX = 20
"""Waiting tasks spelled out in the message: more would hide the first ones."""


class StalledError(RuntimeError):
    """Tasks wait, and no timer, datagram or thread is left that could wake one."""


def describe_waiting(loop: AbstractEventLoop) -> str:
    """Name every unfinished task of `loop` and the line each one waits at."""
    lines = sorted(f"  {task.get_name()}: {_place(task)}" for task in all_tasks(loop))
    hidden = len(lines) - TASKS_NAMED_MAX
    if hidden > 0:
        lines[TASKS_NAMED_MAX:] = [f"  and {hidden} more"]
    return "\n".join(lines) or "  no task at all"


def _place(task: Task[Any]) -> str:
    """Say where a task waits: the path of awaits from the outermost coroutine to the innermost."""
    steps: list[str] = []
    awaited: object = task.get_coro()
    while awaited is not None:
        frame: FrameType | None = None
        following: object = None
        if isinstance(awaited, CoroutineType):
            frame, following = awaited.cr_frame, awaited.cr_await
        elif isinstance(awaited, GeneratorType):
            frame, following = awaited.gi_frame, awaited.gi_yieldfrom
        if frame is None:
            break
        steps.append(f"{frame.f_code.co_qualname} ({frame.f_globals.get('__name__')}:{frame.f_lineno})")
        awaited = following
    return " > ".join(steps) or repr(task)
