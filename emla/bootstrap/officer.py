"""What a key officer does with the personal key: the next list of officers, and a signed word about one document.

Rules of this file: an officer's key signs an approval and nothing else, and always about the hash computed here from the
bytes that were shown, never about one that was told.
"""

from emla.formats import dsse, ed1
from emla.formats.approval import decode_officers, encode_approval, encode_officers
from emla.formats.documents import document_hash
from emla.keyring.media import MediaUse, PublicKeyFile
from emla.model.documents import Approval, ApprovalAct, Officer, Officers
from emla.model.errors import InvalidDocumentError, MalformedError
from emla.model.signed import PayloadType


def officers_word(
    signer: ed1.SigningKey, act: ApprovalAct, authority: str, kind: PayloadType, document: bytes, *, now: int
) -> bytes:
    """Sign what an officer says about a document."""
    approval = Approval(
        authority=authority,
        act=act,
        document_type=kind,
        document_sha256=document_hash(document),
        officer=signer.kid,
        at=now,
    )
    return dsse.sign(PayloadType.APPROVAL, encode_approval(approval), signer)


def next_officers(
    authority: str, known: bytes | None, people: tuple[PublicKeyFile, ...], *, now: int
) -> bytes:
    """The next list of officers: these people, and nobody else.

    Args:
        authority: whose officers they are.
        known: the bytes of the list in force; None before the first.
        people: the public halves of their keys.
        now: UNIX seconds.

    Raises:
        InvalidDocumentError: ``invalid-document``: it would be no list of officers.
    """
    for each in people:
        if each.use is not MediaUse.OFFICER:
            words = f"The key of {each.name} is a root key, not an officer's."
            raise InvalidDocumentError("invalid-document", words)
    try:
        payload = encode_officers(
            Officers(
                authority=authority,
                version=decode_officers(known).version + 1 if known else 1,
                officers=tuple(Officer(name=each.name, kid=each.kid, public=each.public) for each in people),
                created=now,
                prev=document_hash(known) if known else None,
            )
        )
        decode_officers(payload)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    return payload
