"""Calls that may hang, such as those that check another server: each runs in a thread of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs a call in one thread at a time, so that a call that hangs is not repeated."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._future: Future[Result] | None = None

    def start(self) -> "Future[Result]":
        """Return the future result: of the thread that is running, or of a new one."""
        with self._lock:
            if self._future is None or self._future.done():
                self._future = Future()
                # A daemon, so that the program can end while the call hangs.
                try:
                    threading.Thread(target=self._run, args=(self._future,), daemon=True).start()
                except RuntimeError as error:  # the system has no thread left
                    self._future.set_exception(error)
            return self._future

    def _run(self, future: "Future[Result]") -> None:
        try:
            future.set_result(self._call())
        except Exception as error:
            future.set_exception(error)
