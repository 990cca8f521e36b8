"""Signatures over HTTP calls: one fixed profile of RFC 9421 (docs/spec/signed-calls.md).

Rules of the file:
- One label, one tag, one order of components and parameters. What is spelled otherwise is not this profile, and is refused.
- The hash of the body is computed here from the bytes received; what the caller says it is counts for nothing.
- Encoder and decoder share `signature_base`, so what is verified is what was signed.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence

from emla.formats.strict_json import decode_octets, encode_octets
from emla.model.call import Call, CallSignature
from emla.model.errors import MalformedError

LABEL = "emla"
TAG = "emla-http/1"
_COMPONENTS = ("@method", "@path", "@query", "emla-from", "emla-to")
_COMPONENTS_WITH_BODY = (
    "@method",
    "@path",
    "@query",
    "content-digest",
    "content-length",
    "emla-from",
    "emla-to",
)
_SIGNATURE_BYTES = 64
_INPUT = re.compile(
    rf"{LABEL}=(?P<parameters>\((?P<components>[^()]{{1,200}})\)"
    r";created=(?P<created>[1-9][0-9]{0,11});expires=(?P<expires>[1-9][0-9]{0,11})"
    r';nonce="(?P<nonce>[A-Za-z0-9_-]{22})";keyid="(?P<kid>[0-9a-f]{32})"'
    rf';alg="ed25519";tag="{TAG}")',
    re.ASCII,
)
_TARGET = re.compile(r"[\x21-\x7e]*")
"""What a method, path or query is made of. No line break, which would let one component end in the middle of another."""
_SIGNATURE = re.compile(rf"{LABEL}=:(?P<sig>[A-Za-z0-9+/]{{86}}==):", re.ASCII)

Fields = Mapping[str, Sequence[str]]
"""The header fields of a call: lower-case name, and each value it came with."""


def signature_base(components: Sequence[tuple[str, str]], parameters: str) -> bytes:
    """The octets that are signed (RFC 9421, 2.5): one line for each component, the last one for the parameters."""
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def call_base(call: Call, signature: CallSignature) -> bytes:
    """The octets whose signature makes a call ours."""
    return signature_base(_components(call), _parameters(call, signature))


def encode_fields(call: Call, signature: CallSignature, sig: bytes) -> dict[str, str]:
    """The header fields of a signed call, without ``Content-Length``, which whoever sends it writes anyway.

    Args:
        call: the call.
        signature: what the signature says of itself.
        sig: the 64 bytes by that key over `call_base`.
    """
    fields = {
        "Emla-From": call.sender,
        "Emla-To": call.recipient,
        "Signature-Input": f"{LABEL}={_parameters(call, signature)}",
        "Signature": f"{LABEL}=:{base64.b64encode(sig).decode('ascii')}:",
    }
    if call.body is not None:
        fields["Content-Digest"] = content_digest(call.body)
    return fields


def decode_fields(fields: Fields, call: Call) -> tuple[CallSignature, bytes]:
    """Read the signature of a call; nothing is verified yet.

    Args:
        fields: ``signature-input`` and ``signature`` as received.
        call: the call as received; it says which components must be covered.

    Returns:
        What the signature says of itself, and its 64 bytes.

    Raises:
        MalformedError: not exactly one signature, not of this profile, or not over every component.
    """
    if not _TARGET.fullmatch(f"{call.method}{call.path}{call.query}"):
        raise MalformedError("The request line is not plain ASCII.")
    found = _INPUT.fullmatch(_only(fields, "signature-input"))
    if found is None or found["components"] != _spelled(call):
        raise MalformedError("The signature is not one over every component of the call.")
    signature = CallSignature(
        created=int(found["created"]),
        expires=int(found["expires"]),
        nonce=decode_octets(found["nonce"]),
        kid=found["kid"],
    )
    encoded = _SIGNATURE.fullmatch(_only(fields, "signature"))
    if encoded is None:
        raise MalformedError("The signature is not 64 bytes under its label.")
    return signature, _decode_signature(encoded["sig"])


def one_value(fields: Fields, name: str) -> str | None:
    """The value of a field that came exactly once; None when it did not come.

    Raises:
        MalformedError: it came several times.
    """
    values = fields.get(name, ())
    if len(values) > 1:
        raise MalformedError(f"{name} stands more than once.")
    return values[0] if values else None


def content_digest(body: bytes) -> str:
    """The value of ``Content-Digest`` (RFC 9530) for a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def _only(fields: Fields, name: str) -> str:
    value = one_value(fields, name)
    if value is None:
        raise MalformedError(f"{name} is missing.")
    return value


def _decode_signature(text: str) -> bytes:
    try:
        sig = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedError("The signature is not base64.") from error
    if len(sig) != _SIGNATURE_BYTES or base64.b64encode(sig).decode("ascii") != text:
        raise MalformedError("The signature is not base64 in its canonical form.")
    return sig


def _names(call: Call) -> tuple[str, ...]:
    return _COMPONENTS if call.body is None else _COMPONENTS_WITH_BODY


def _spelled(call: Call) -> str:
    return " ".join(f'"{name}"' for name in _names(call))


def _components(call: Call) -> list[tuple[str, str]]:
    values = {
        "@method": call.method,
        "@path": call.path,
        "@query": f"?{call.query}",
        "emla-from": call.sender,
        "emla-to": call.recipient,
    }
    if call.body is not None:
        values |= {"content-digest": content_digest(call.body), "content-length": str(len(call.body))}
    return [(name, values[name]) for name in _names(call)]


def _parameters(call: Call, signature: CallSignature) -> str:
    return (
        f"({_spelled(call)});created={signature.created};expires={signature.expires}"
        f';nonce="{encode_octets(signature.nonce)}";keyid="{signature.kid}";alg="ed25519";tag="{TAG}"'
    )
