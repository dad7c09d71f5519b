"""One picture at a time in a process, and few at a time on the machine."""

import os
import signal
import threading

import pytest

from uploads import slots


def test_a_second_thread_waits_for_the_first() -> None:
    taken = []

    def take() -> None:
        with slots.decoding_slot(0.05) as mine:
            taken.append(mine)

    with slots.decoding_slot(0) as mine:
        assert mine
        waiting = threading.Thread(target=take)
        waiting.start()
        waiting.join()
    take()
    assert taken == [False, True]


def test_forked_processes_share_the_places_and_leave_them_when_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "SLOTS", 1)
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        with slots.decoding_slot(1) as mine:
            os.write(told, b"y" if mine else b"n")
            signal.pause()
    try:
        assert os.read(heard, 1) == b"y"
        with slots.decoding_slot(0.05) as mine:
            assert not mine
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with slots.decoding_slot(1) as mine:
        assert mine
