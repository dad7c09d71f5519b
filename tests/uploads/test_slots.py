"""Decoding slots: one picture at a time in a process, and a limited number on the machine."""

import os
import signal
import threading

import pytest

from uploads import slots


def test_a_second_thread_waits_for_the_first() -> None:
    results = []

    def acquire() -> None:
        with slots.decoding_slot(0.05) as is_acquired:
            results.append(is_acquired)

    with slots.decoding_slot(0) as is_acquired:
        assert is_acquired
        waiting = threading.Thread(target=acquire)
        waiting.start()
        waiting.join()
    acquire()
    assert results == [False, True]


def test_forked_processes_share_slots_and_release_them_when_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "SLOTS", 1)
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        with slots.decoding_slot(1) as is_acquired:
            os.write(write_end, b"y" if is_acquired else b"n")
            signal.pause()
    try:
        assert os.read(read_end, 1) == b"y"
        with slots.decoding_slot(0.05) as is_acquired:
            assert not is_acquired
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with slots.decoding_slot(1) as is_acquired:
        assert is_acquired
