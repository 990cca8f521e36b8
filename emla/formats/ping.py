"""Pings: a signed, empty round trip that shows that two gateways can talk and how far their clocks differ."""

from emla.formats import patterns, strict_json
from emla.formats.strict_json import Members, encode_octets
from emla.model.ping import Ping

VERSION = 1
SIZE_BYTES_MAX = 4096


def encode(ping: Ping) -> bytes:
    """Encode the payload bytes of a ping or of the answer to one."""
    return strict_json.encode(
        {
            "v": VERSION,
            "from": ping.sender,
            "to": ping.recipient,
            "at": ping.at,
            "nonce": encode_octets(ping.nonce),
            "software": ping.software,
            "card": ping.card_version,
        }
    )


def decode(payload: bytes) -> Ping:
    """Decode payload bytes."""
    members = Members(strict_json.decode(payload, SIZE_BYTES_MAX), "ping")
    members.integer("v", VERSION, VERSION)
    ping = Ping(
        sender=members.text("from", patterns.AUTHORITY, 160),
        recipient=members.text("to", patterns.AUTHORITY, 160),
        at=members.instant("at"),
        nonce=members.octets("nonce", 16),
        software=members.line("software", longest=64),
        card_version=members.integer("card", 1),
    )
    members.extensions()
    members.finish()
    return ping
