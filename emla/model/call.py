"""Signed calls: an HTTP call without a signed object in it, which bears a signature of its own (docs/spec/signed-calls.md)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as its signature covers it. `path` and `query` are the octets of the request line, the query without its ``?``."""

    method: str
    path: str
    query: str
    sender: str
    """Who calls: ``Emla-From``."""
    recipient: str
    """Who is called: ``Emla-To``. A call is good at one gateway only."""
    body: bytes | None = None
    """None when there is none; then neither its hash nor its length is covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSignature:
    """What the signature of a call says of itself. Instants in UNIX seconds; `nonce` is 16 random bytes."""

    created: int
    expires: int
    nonce: bytes
    kid: str


LIFE_SECONDS_MAX = 300
"""How long a signed call may be good for."""
