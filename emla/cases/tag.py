"""The tag of a set of acts: equal on both sides of a case exactly when both hold the same acts."""

import hashlib
from collections.abc import Iterable

from emla.model.legal_act import LegalAct


def case_tag(acts: Iterable[LegalAct]) -> str:
    """32 hexadecimal digits; the order of the acts and repeats of one make no difference."""
    digest = hashlib.sha256(b"emla/1 case tag\0")
    for sender, message_id, document in sorted({(*act.key, act.digest) for act in acts}):
        digest.update(sender.encode() + b"\0" + message_id + document)
    return digest.hexdigest()[:32]
