"""verify_call: an HTTP call and its header fields -> the authority that made it (docs/spec/signed-calls.md).

Ladder: H1 one signature of this profile over every component; H2 to this gateway; H3 by an authority that is pinned and not
frozen; H4 in its time; H5 the body is the one covered; H6 by a live `sign` key of it, and the signature holds; H7 its nonce
was not seen before. The nonce comes last, so that only what an authority really signed takes a place in the memory of nonces.
"""

from collections.abc import Callable

from emla.formats import ed1, patterns
from emla.formats import http_signature as form
from emla.formats.http_signature import Fields
from emla.model.call import LIFE_SECONDS_MAX, Call, CallSignature
from emla.model.documents import Authority, KeyUse
from emla.model.errors import InvalidCallError, MalformedError
from emla.model.limits import WIRE

SeenNonce = Callable[[str, CallSignature], bool]
"""Notes the nonce of an authority's call until the call expires; says whether it was noted before, or can not be known."""


def verify_call(
    method: str,
    path: str,
    query: str,
    fields: Fields,
    body: bytes | None,
    *,
    here: str,
    find_sender: Callable[[str], Authority | None],
    now: int,
    seen_nonce: SeenNonce,
) -> Authority:
    """Verify the signature of a call.

    Args:
        method: the method.
        path: the path as it stood in the request line.
        query: what stood behind its ``?``, else empty.
        fields: the header fields, names in lower case.
        body: the body, None when there is none.
        here: this authority.
        find_sender: the pinned authority of an id, or None.
        now: this gateway's clock, UNIX seconds.
        seen_nonce: the memory of nonces.

    Returns:
        The authority that signed.

    Raises:
        InvalidCallError: ``unsigned-call``, ``misdirected-call``, ``unknown-sender``, ``frozen``, ``stale-call``,
            ``bad-call-signature`` or ``replayed-call``.
    """
    # H1
    call, signature, sig = _read(method, path, query, fields, body)
    # H2
    if call.recipient != here:
        raise InvalidCallError("misdirected-call", f"It is to {call.recipient}.")
    # H3
    sender = find_sender(call.sender)
    if sender is None:
        raise InvalidCallError("unknown-sender", f"'{call.sender}' is not pinned here.")
    if sender.frozen:
        raise InvalidCallError("frozen", f"{sender.id} is frozen.")
    # H4
    _check_time(signature, now)
    # H5
    _check_body(fields, body)
    # H6
    key = sender.key(signature.kid, KeyUse.SIGN, now)
    if key is None or not ed1.verify(key.public, form.call_base(call, signature), sig):
        raise InvalidCallError("bad-call-signature", f"Not signed by a live key of {sender.id}.")
    # H7
    if seen_nonce(sender.id, signature):
        raise InvalidCallError("replayed-call", f"{sender.id} made this call before.")
    return sender


def _read(
    method: str, path: str, query: str, fields: Fields, body: bytes | None
) -> tuple[Call, CallSignature, bytes]:
    try:
        sender, recipient = (_authority(fields, name) for name in ("emla-from", "emla-to"))
        call = Call(method=method, path=path, query=query, sender=sender, recipient=recipient, body=body)
        signature, sig = form.decode_fields(fields, call)
    except MalformedError as error:
        raise InvalidCallError("unsigned-call", error.detail) from error
    return call, signature, sig


def _authority(fields: Fields, name: str) -> str:
    value = form.one_value(fields, name)
    if value is None or not patterns.AUTHORITY.fullmatch(value):
        raise MalformedError(f"{name} names no authority.")
    return value


def _check_time(signature: CallSignature, now: int) -> None:
    life = signature.expires - signature.created
    if not 0 < life <= LIFE_SECONDS_MAX:
        raise InvalidCallError("stale-call", f"It would be good for {life} s.")
    if signature.created > now + WIRE.clock_skew_seconds or now >= signature.expires:
        raise InvalidCallError(
            "stale-call", f"Good from {signature.created} to {signature.expires}; here it is {now}."
        )


def _check_body(fields: Fields, body: bytes | None) -> None:
    """The signature is over the digest of what was received; that the caller's own digest differs is worth its own words."""
    if body is None:
        return
    try:
        digest, length = (form.one_value(fields, name) for name in ("content-digest", "content-length"))
    except MalformedError as error:
        raise InvalidCallError("unsigned-call", error.detail) from error
    if digest != form.content_digest(body) or length != str(len(body)):
        raise InvalidCallError("bad-call-signature", "The body is not the one that was signed.")
