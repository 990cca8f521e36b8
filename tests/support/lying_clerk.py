"""A clerk that was taken over: it keeps to the form where it must, and says what it likes. Run as ``python -m ... FD``.

What it does with a request is the first letter of the body: N says nonsense, S seals something else for somebody else, E seals
nothing, T answers twice.
"""

import socket
import sys
from dataclasses import replace

from emla.formats import h1
from emla.sandbox.channel import Channel
from emla.sandbox.clerk_child import _TRIAL
from emla.sandbox.clerk_wire import TASK_BYTES_MAX, Found, decode_task, encode_found
from emla.sandbox.wire import Ready, encode_ready

FOREIGN = replace(
    _TRIAL,
    message=replace(_TRIAL.message, sender="zz.evil", recipient="zz.evil"),
    act=replace(_TRIAL.act, sender="zz.evil", recipient="zz.evil"),
)
PAYLOAD = b"not what was handed in"


def main(descriptor: int) -> None:
    channel = Channel(socket.socket(fileno=descriptor), TASK_BYTES_MAX)
    channel.receive()
    channel.send(encode_ready(Ready()))
    while (frame := channel.receive()) is not None:
        _, body = decode_task(frame)
        kind = bytes(body[:1])
        sealed = Found(checked=FOREIGN, manifest=b"m", stanza=bytes(h1.STANZA_BYTES), commit=bytes(32))
        if kind == b"N":
            channel.send(b"\0\0\0\x05\0\0\0\1\xc1")
        elif kind == b"E":
            channel.send_several(encode_found(Found(checked=FOREIGN), []))
        else:
            for _ in range(2 if kind == b"T" else 1):
                channel.send_several(encode_found(sealed, [PAYLOAD]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
