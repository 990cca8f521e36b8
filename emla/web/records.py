"""What TLS costs that brings nothing: bytes that came over a connection without ever becoming something said.

OpenSSL answers a change of keys in each record, and reads a record for each byte, as long as a caller likes: 2 MB of them a
second keep one processor busy, and none of it reaches aiohttp, whose deadlines then see a connection that is merely quiet.
The system counts what arrived, so the difference can be looked at now and then, which costs nothing in between.

Where the system does not count (anything but Linux 4.1 and newer; simulated transports) nothing is found.
"""

import asyncio
import fcntl
import socket
import struct
import termios

ALLOWED_BYTES = 1024**2
"""More than a handshake, and more than lies in asyncio's buffers while we do not read."""
_OVERHEAD = 2
"""A record of an honest caller is never smaller than what surrounds it."""
_INFO_BYTES = 136
_RECEIVED_AT = 128
"""Of `tcpi_bytes_received` in `struct tcp_info`."""


def is_wasteful(taken: int, said: int) -> bool:
    """Whether too much of what was taken off a connection said nothing.

    Args:
        taken: bytes of TLS read so far.
        said: bytes that came out of them.
    """
    return taken > ALLOWED_BYTES + _OVERHEAD * said


def taken_bytes(transport: asyncio.BaseTransport) -> int | None:
    """How many bytes were read off a connection so far; None where nobody counts them."""
    one = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_INFO", None)
    if one is None or option is None:
        return None
    try:
        info = one.getsockopt(socket.IPPROTO_TCP, option, _INFO_BYTES)
        # Asked second: what arrives in between is then taken for unread.
        waiting = fcntl.ioctl(one.fileno(), termios.FIONREAD, bytes(4))
    except OSError:
        return None  # it is over
    if len(info) < _INFO_BYTES:
        return None
    received: int = struct.unpack_from("=Q", info, _RECEIVED_AT)[0]
    unread: int = struct.unpack("=i", waiting)[0]
    return received - unread
