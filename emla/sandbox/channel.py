"""The child's end of the socketpair: blocking, one read and one write for each message where the socket allows it."""

import os
import socket
from collections import deque

from emla.sandbox.wire import LENGTH, REQUEST_BYTES_MAX, WireError

_DESCRIPTOR_BYTES = 4
_DESCRIPTORS_AT_ONCE = 8


class Channel:
    """Reads frames from, and writes frames to, a blocking socket. One buffer, reused; a frame's view ends with the next read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray(LENGTH.size + REQUEST_BYTES_MAX)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        self._descriptors: deque[int] = deque()

    def receive(self) -> memoryview | None:
        """The next frame's body; None when the other side has finished."""
        length: int | None = None
        while True:
            held = self._end - self._start
            if length is None and held >= LENGTH.size:
                length = int(LENGTH.unpack_from(self._buffer, self._start)[0])
                if length > REQUEST_BYTES_MAX:
                    raise WireError("frame too long")
            if length is not None and held >= LENGTH.size + length:
                begin = self._start + LENGTH.size
                self._start = begin + length
                return self._view[begin : begin + length]
            if not self._read_more(LENGTH.size + (length or 0)):
                if held:
                    raise WireError("the other side ended in the middle of a frame")
                return None

    def _read_more(self, wanted: int) -> bool:
        if self._start == self._end:
            self._start = self._end = 0
        elif self._start + wanted > len(self._buffer):
            held = self._end - self._start
            self._buffer[:held] = self._buffer[self._start : self._end]
            self._start, self._end = 0, held
        count, ancillary, flags, _ = self._connection.recvmsg_into(
            [self._view[self._end :]], socket.CMSG_SPACE(_DESCRIPTORS_AT_ONCE * _DESCRIPTOR_BYTES)
        )
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                whole = len(data) - len(data) % _DESCRIPTOR_BYTES
                self._descriptors.extend(memoryview(data[:whole]).cast("i"))
        if flags & socket.MSG_CTRUNC:
            raise WireError("a descriptor was lost")
        self._end += count
        return count > 0

    def take_descriptor(self) -> int:
        """The descriptor that came with the frame; the caller closes it."""
        if not self._descriptors:
            raise WireError("a request without its descriptor")
        return self._descriptors.popleft()

    def send(self, frame: bytes) -> None:
        """Write a frame."""
        self._connection.sendall(frame)

    def close(self) -> None:
        """Close the socket and whatever descriptor was not taken."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self._connection.close()
