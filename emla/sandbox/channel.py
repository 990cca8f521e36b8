"""The child's end of the socketpair: blocking, one read and one write for as many messages as the socket allows."""

import os
import socket
from collections import deque
from collections.abc import Sequence

from emla.sandbox.frames import Frames, WireError

_DESCRIPTOR_BYTES = 4
_DESCRIPTORS_AT_ONCE = 8
_BUFFERS_AT_ONCE = 512
"""Below the system's limit of 1024."""


class Channel:
    """Reads frames from, and writes frames to, a blocking socket. A frame's view ends with the next call that may read."""

    def __init__(self, connection: socket.socket, frame_bytes_max: int) -> None:
        self._connection = connection
        self._frames = Frames(frame_bytes_max)
        self._descriptors: deque[int] = deque()

    def receive(self) -> memoryview | None:
        """The next frame's body; None when the other side has finished."""
        while (body := self._frames.take()) is None:
            if not self._read_more():
                if self._frames:
                    raise WireError("the other side ended in the middle of a frame")
                return None
        return body

    def receive_several(self, most: int) -> list[memoryview]:
        """The next frame's body, and those that came with it; empty when the other side has finished."""
        first = self.receive()
        if first is None:
            return []
        bodies = [first]
        while len(bodies) < most and (body := self._frames.take()) is not None:
            bodies.append(body)
        return bodies

    def _read_more(self) -> bool:
        count, ancillary, flags, _ = self._connection.recvmsg_into(
            [self._frames.room()], socket.CMSG_SPACE(_DESCRIPTORS_AT_ONCE * _DESCRIPTOR_BYTES)
        )
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                whole = len(data) - len(data) % _DESCRIPTOR_BYTES
                self._descriptors.extend(memoryview(data[:whole]).cast("i"))
        if flags & socket.MSG_CTRUNC:
            raise WireError("a descriptor was lost")
        self._frames.came(count)
        return count > 0

    def take_descriptor(self) -> int:
        """The descriptor that came with the frame; the caller closes it."""
        if not self._descriptors:
            raise WireError("a request without its descriptor")
        return self._descriptors.popleft()

    def send(self, frame: bytes) -> None:
        """Write a frame."""
        self._connection.sendall(frame)

    def send_several(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Write the buffers of several frames, together as far as the socket takes them."""
        left = [memoryview(each) for each in buffers]
        while left:
            # Not `sendmsg`: that can name an address, and the filter (`seccomp.py`) could not see which.
            sent = os.writev(self._connection.fileno(), left[:_BUFFERS_AT_ONCE])
            place = 0
            while place < len(left) and sent >= len(left[place]):
                sent -= len(left[place])
                place += 1
            del left[:place]
            if sent:
                left[0] = left[0][sent:]

    def close(self) -> None:
        """Close the socket and whatever descriptor was not taken."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self._connection.close()
