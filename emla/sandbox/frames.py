"""Frames: a 4-byte big-endian length and a body, taken out of whatever pieces a socket gives. One buffer, used again and again.

Rules of this file:
- A body is a view into the buffer; it is read, or copied, before more is put into the buffer.
- A length above the limit raises at once, before anything of its size is held.
"""

from struct import Struct

LENGTH = Struct(">I")
_ROOM_BYTES = 512 * 1024
"""What the buffer holds as a rule; a longer frame gets a buffer of its own size, for as long as it lasts."""
_LEAST_BYTES = 64 * 1024
"""Less room than this at the end of the buffer, and what is held moves to its beginning."""


class WireError(Exception):
    """The other side does not keep to the form that was agreed."""


class Frames:
    """Collects bytes and gives out whole frames: `room` to read into, `came` to say how much, `take` for the next body."""

    def __init__(self, frame_bytes_max: int) -> None:
        self._frame_bytes_max = frame_bytes_max
        self._buffer = bytearray(_ROOM_BYTES)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0

    def __bool__(self) -> bool:
        """Whether anything is held that was not given out."""
        return self._start < self._end

    def room(self) -> memoryview:
        """Where the next bytes go; never empty. Views that were given out end here."""
        if self._start == self._end:
            self._start = self._end = 0
            if len(self._buffer) > _ROOM_BYTES:
                self._move(_ROOM_BYTES)
        elif self._wanted() > len(self._buffer):
            self._move(self._wanted())
        elif self._start and self._start + max(self._wanted(), self._held() + _LEAST_BYTES) > len(
            self._buffer
        ):
            self._move(len(self._buffer))
        return self._view[self._end :]

    def _held(self) -> int:
        return self._end - self._start

    def _wanted(self) -> int:
        """How long the frame that begins here is, as far as that is known."""
        if self._held() < LENGTH.size:
            return LENGTH.size
        return LENGTH.size + self._length()

    def _length(self) -> int:
        length: int = LENGTH.unpack_from(self._buffer, self._start)[0]
        if length > self._frame_bytes_max:
            raise WireError("frame too long")
        return length

    def _move(self, size_bytes: int) -> None:
        """Put what is held at the beginning of a buffer of this size, at least as large as what is held."""
        held = bytes(self._view[self._start : self._end])
        if len(self._buffer) != size_bytes:
            self._buffer = bytearray(max(size_bytes, len(held)))
            self._view = memoryview(self._buffer)
        self._view[: len(held)] = held
        self._start, self._end = 0, len(held)

    def came(self, count: int) -> None:
        """So many bytes were put into the room."""
        self._end += count

    def take(self) -> memoryview | None:
        """The body of the next whole frame, if there is one."""
        if self._held() < LENGTH.size:
            return None
        begin = self._start + LENGTH.size
        end = begin + self._length()
        if end > self._end:
            return None
        self._start = end
        return self._view[begin:end]
