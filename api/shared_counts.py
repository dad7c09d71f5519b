"""Counts of metrics in memory that all processes of a program share.

prometheus_client keeps the counts of several processes in files, and a full disk ends every process that
writes to such a file (SIGBUS). This memory belongs to no file. Each process counts in a section of its own,
so that no process waits for another, and what a killed process has counted stays. The process that replaces
it continues in the same section. Totals therefore never decrease while the program runs.
"""

import json
import mmap
import struct
import threading

#: Room for about 10,000 counts. Pages that no process writes to take no memory.
SECTION_BYTES = 2**20

_USED = struct.Struct("Q")
_KEY_LENGTH = struct.Struct("Q")
_COUNT = struct.Struct("d")

#: A metric, one of its series, and the values of the labels.
Key = tuple[str, str, tuple[str, ...]]


class SharedCounts:
    """Anonymous memory with one section for each process. Create it before the processes are forked."""

    def __init__(self, sections: int) -> None:
        memory = memoryview(mmap.mmap(-1, sections * SECTION_BYTES))
        starts = range(0, len(memory), SECTION_BYTES)
        self.sections = [_Section(memory[start : start + SECTION_BYTES]) for start in starts]

    def use_section(self, number: int | None) -> None:
        """Count in this section from now on, and report the totals of all sections, in this process.

        Without a section, what this process counts is part of the totals that it reports, and no others.
        """
        global _lock, _shared, _own
        _lock = threading.Lock()  # a thread of the parent process may have held the former one
        _shared, _own = self, None if number is None else self.sections[number]

    def total(self, key: Key) -> float:
        """Return the sum over all sections."""
        return sum(section.get(key) for section in self.sections)

    def list_keys(self) -> set[Key]:
        """Return the keys of everything that any process has counted."""
        return {key for section in self.sections for key in section.list_keys()}


class _Section:
    """A list of keys with their counts, to which one process appends and which all processes read.

    The number of bytes in use comes first, and is written last, so that readers see complete entries only.
    """

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._offsets: dict[Key, int] = {}
        self._end = _USED.size

    def list_keys(self) -> list[Key]:
        """Return all keys, after reading those that were appended since the last call."""
        used = max(_USED.unpack_from(self._memory)[0], _USED.size)
        while self._end < used:
            start = self._end + _KEY_LENGTH.size
            end = start + _KEY_LENGTH.unpack_from(self._memory, self._end)[0]
            metric, series, labels = json.loads(bytes(self._memory[start:end]))
            self._offsets[metric, series, tuple(labels)] = end
            self._end = end + _COUNT.size
        return list(self._offsets)

    def get(self, key: Key) -> float:
        """Return a count, or 0 if this process has not read its key."""
        offset = self._offsets.get(key)
        return _COUNT.unpack_from(self._memory, offset)[0] if offset else 0.0

    def add(self, key: Key, amount: float) -> bool:
        """Add to a count, and return whether there was room for it."""
        offset = self._offsets.get(key) or self._append(key)
        if offset:
            _COUNT.pack_into(self._memory, offset, _COUNT.unpack_from(self._memory, offset)[0] + amount)
        return bool(offset)

    def _append(self, key: Key) -> int:
        self.list_keys()  # a former process of this section may have appended it
        if key in self._offsets:
            return self._offsets[key]
        text = json.dumps(key).encode()
        text += b" " * (-len(text) % _COUNT.size)  # aligned counts are written in one piece
        start = self._end + _KEY_LENGTH.size
        offset = start + len(text)
        end = offset + _COUNT.size
        if end > len(self._memory):
            return 0
        _KEY_LENGTH.pack_into(self._memory, self._end, len(text))
        self._memory[start:offset] = text
        _USED.pack_into(self._memory, 0, end)
        self._offsets[key], self._end = offset, end
        return offset


_lock = threading.Lock()
#: The memory and the section of this process, if it shares its counts.
_shared: SharedCounts | None = None
_own: _Section | None = None


def list_keys() -> set[Key]:
    """Return the keys of everything that any process has counted in shared memory."""
    with _lock:
        return _shared.list_keys() if _shared else set()


class Count:
    """A value of prometheus_client, with the methods that its counters and histograms call."""

    def __init__(
        self,
        _kind: str,
        metric: str,
        series: str,
        _label_names: tuple[str, ...],
        labels: tuple[str, ...],
        _help_text: str,
    ) -> None:
        self._key = (metric, series, tuple(labels))
        self._unshared = 0.0

    def inc(self, amount: float) -> None:
        """Add to the count."""
        with _lock:
            if _own is None or not _own.add(self._key, amount):
                self._unshared += amount

    def get(self) -> float:
        """Return the count, of all processes together if they share it."""
        with _lock:
            return self._unshared + (_shared.total(self._key) if _shared else 0.0)

    def get_exemplar(self) -> None:
        """Return nothing: there are no exemplars."""
