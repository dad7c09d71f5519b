"""Group commit: simultaneous transactions on SQLite share one commit, which waits for the disk once.

One thread at a time runs the work of all threads that wait, each in a savepoint of its own, and commits. Work
that fails is undone alone. If the commit fails, all of it fails. A thread gets its result after the commit.
docs/performance.md has the gain.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from contextvars import copy_context
from typing import Any, TypeVar

from sqlalchemy import Connection

from api.database.statements import Transaction

Result = TypeVar("Result")


class GroupCommit:
    """Runs the work of several threads in one transaction after the other."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        """``begin`` returns a block that begins a transaction, and commits it or rolls it back."""
        self._begin = begin
        self._changed = threading.Condition()
        self._waiting: list[_Turn] = []
        self._is_running = False

    def run(self, work: Callable[[Transaction], Result]) -> Result:
        """Run ``work`` in a transaction, and return its result after the commit.

        Raises what ``work`` raises, or the error of the transaction that it was a part of.
        """
        turn = _Turn(work)
        with self._changed:
            self._waiting.append(turn)
            self._changed.wait_for(lambda: turn.result.done() or not self._is_running)
            if turn.result.done():
                return turn.result.result()
            self._is_running = True
        try:
            self._run_waiting()
        finally:
            with self._changed:
                self._is_running = False
                self._changed.notify_all()
        return turn.result.result()

    def _run_waiting(self) -> None:
        """Run the work of all threads that wait once the transaction has begun."""
        turns: list[_Turn] = []
        try:
            with self._begin() as connection:
                turns = self._take_waiting()
                for turn in turns:
                    turn.run(connection)
        except BaseException as error:
            # If no transaction could begin, those who wait need not try one after the other.
            for turn in turns or self._take_waiting():
                turn.result.set_exception(error)
        else:
            for turn in turns:
                turn.finish()

    def _take_waiting(self) -> "list[_Turn]":
        with self._changed:
            turns, self._waiting = self._waiting, []
        return turns


class _Turn:
    """The work of one thread, and its result once it is committed."""

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.result: Future[Any] = Future()
        self._work = work
        # The thread that runs the work may be that of another request.
        self._context = copy_context()
        self._outcome: Any = None
        self._error: Exception | None = None

    def run(self, connection: Connection) -> None:
        """Run the work in a savepoint. Raises an error that ends the transaction of the whole group."""
        savepoint = connection.begin_nested()
        try:
            self._outcome = self._context.run(self._work, Transaction(connection))
        except Exception as error:
            self._error = error
            savepoint.rollback()
        else:
            savepoint.commit()

    def finish(self) -> None:
        """Hand the result over, after the commit."""
        if self._error is not None:
            self.result.set_exception(self._error)
        else:
            self.result.set_result(self._outcome)
