"""Signed calls for tests: a good one, to be made bad in one respect."""

from dataclasses import dataclass, field, replace

from emla.formats import http_signature as form
from emla.model.call import Call, CallSignature
from emla.model.documents import Authority
from emla.model.signed import Signer
from emla.steps.verify_call import SeenNonce, verify_call
from tests.support.authorities import NOW, Party, derived


def fresh(_sender: str, _signature: CallSignature) -> bool:
    """The memory of nonces of whoever has none: nothing was seen before."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCall:
    """A call with its header fields, as they arrive."""

    call: Call
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def with_field(self, name: str, *values: str) -> "SignedCall":
        """The same with another value, several, or none."""
        return replace(self, fields={**self.fields, name: values})


def sign_call(call: Call, signer: Signer, signature: CallSignature | None = None) -> SignedCall:
    """Sign a call."""
    signature = signature or CallSignature(
        created=NOW, expires=NOW + 120, nonce=derived("nonce", length=16), kid=signer.kid
    )
    fields = form.encode_fields(call, signature, signer.sign(form.call_base(call, signature)))
    if call.body is not None:
        fields["Content-Length"] = str(len(call.body))
    return SignedCall(call=call, fields={name.lower(): (value,) for name, value in fields.items()})


def listing(sender: Party, recipient: Party) -> Call:
    """The call that lists a mailbox."""
    return Call(
        method="GET",
        path="/emla/1/mailbox",
        query="after=0&wait=55",
        sender=sender.id,
        recipient=recipient.id,
    )


def releasing(sender: Party, recipient: Party, body: bytes = b'{"items":[{"item":1}],"v":1}') -> Call:
    """The call that releases something: it has a body."""
    return Call(
        method="POST",
        path="/emla/1/mailbox/release",
        query="",
        sender=sender.id,
        recipient=recipient.id,
        body=body,
    )


def verify(
    signed: SignedCall,
    *pinned: Authority,
    here: str,
    now: int = NOW,
    seen_nonce: SeenNonce = fresh,
) -> Authority:
    """Verify a call as its recipient does."""
    call = signed.call
    return verify_call(
        call.method,
        call.path,
        call.query,
        signed.fields,
        call.body,
        here=here,
        find_sender={each.id: each for each in pinned}.get,
        now=now,
        seen_nonce=seen_nonce,
    )
