"""verify_return: a package that comes back to whoever lost it -> verified (docs/spec/channel.md, section 5).

It proves itself by the signatures of then: the sender's over the header, and the recipient's acknowledgements, its
RelayAcceptance among them. Who brings it does not matter. The same at the one who lost it and at a hub on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from emla.formats import dsse
from emla.formats import header as header_form
from emla.model.acknowledgement import Event, VerifiedAcknowledgement
from emla.model.documents import Authority, KeyUse
from emla.model.errors import InvalidAcknowledgementError, InvalidPackageError, MalformedError
from emla.model.package import Header
from emla.model.signed import SignedObject
from emla.steps.acknowledge import Subject, signature_hash
from emla.steps.verify_acknowledgement import Witness, verify_acknowledgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A package that comes back, verified."""

    signed: bytes
    subject: Subject
    acknowledgements: tuple[VerifiedAcknowledgement, ...]

    @property
    def header(self) -> Header:
        """What its sender signed."""
        return self.subject.header


def read_returned(pid: bytes, signed: bytes) -> tuple[SignedObject, Header]:
    """Decode the header of a package that is called by an id.

    Raises:
        InvalidPackageError: ``malformed``.
    """
    try:
        envelope = header_form.decode_signed(signed)
        header = header_form.decode(envelope.payload)
    except MalformedError as error:
        raise InvalidPackageError("malformed", error.detail) from error
    if header_form.package_id(envelope.payload) != pid:
        raise InvalidPackageError("malformed", "The URL names another package.")
    return envelope, header


def verify_sender(envelope: SignedObject, header: Header, sender: Authority) -> str:
    """Verify the signature of a package's sender, by a key whose window contains its making; the key's id.

    Raises:
        InvalidPackageError: ``bad-signature``.
    """
    kid = envelope.signatures[0].kid if len(envelope.signatures) == 1 else ""
    key = sender.listed(kid, KeyUse.SIGN, header.created)
    if key is None or not dsse.verifies(envelope, kid, key.public):
        raise InvalidPackageError("bad-signature", f"Not signed by a key of {sender.id}.")
    return kid


def verify_returned(
    signed: bytes,
    envelope: SignedObject,
    header: Header,
    bundles: Sequence[bytes],
    *,
    recipient: Authority,
    witnessed: Witness,
) -> Returned:
    """Verify the recipient's acknowledgements about a package whose signature stands.

    Args:
        signed: the header as received.
        envelope: it, decoded.
        header: what it says.
        bundles: the acknowledgements.
        recipient: who must have issued them.
        witnessed: see `emla.steps.verify_acknowledgement`.

    Raises:
        InvalidAcknowledgementError: one does not verify, or no RelayAcceptance is among them, or an event twice.
    """
    pid = header_form.package_id(envelope.payload)
    subject = Subject(header=header, pid=pid, signature_sha256=signature_hash(envelope))
    verified = tuple(
        verify_acknowledgement(each, issuer=recipient, subject=subject, witnessed=witnessed)
        for each in bundles
    )
    events = [each.acknowledgement.event for each in verified]
    if Event.RELAY_ACCEPTANCE not in events or len(set(events)) != len(events):
        # Without proof that it was accepted it is an offer, and has a way of its own.
        raise InvalidAcknowledgementError("acknowledgement-mismatch", "No RelayAcceptance came with it.")
    return Returned(signed=signed, subject=subject, acknowledgements=verified)
