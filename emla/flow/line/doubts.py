"""doubts: an acknowledgement that does not hold is kept for people, and moves nothing (docs/spec/acknowledgements.md 4.7).

Rules of this file:
- Only what a pinned authority has signed is kept: a stranger cannot fill the disk, and nobody can say later that it was not so.
- So many for each peer and no more. The first ones tell the story.
"""

import hashlib
import logging

from emla.flow.gateway import Gateway
from emla.model.errors import InvalidAcknowledgementError
from emla.ports.trouble import Doubtful
from emla.steps.verify_acknowledgement import is_signed_by, read_acknowledgement

logger = logging.getLogger("emla.doubts")

DOUBTFUL_MAX = 200


async def keep_doubtful(gateway: Gateway, stored: bytes, peer: str, pid: bytes, code: str) -> None:
    """Keep a bundle that was refused, if the issuer it names has signed it.

    Args:
        gateway: the gateway.
        stored: the bundle as it came.
        peer: who brought it.
        pid: the package it was to be about.
        code: why it was refused.
    """
    try:
        claim = read_acknowledgement(stored)
    except InvalidAcknowledgementError:
        return
    issuer = gateway.directory.find(claim.acknowledgement.by)
    if issuer is None or not is_signed_by(claim, issuer):
        return
    row = Doubtful(
        sha256=hashlib.sha256(stored).digest(),
        peer=peer,
        pid=pid,
        code=code,
        at=gateway.now(),
        bundle=stored,
    )
    if await gateway.store.write(lambda each: each.insert_doubtful(row, DOUBTFUL_MAX)):
        logger.error(
            "doubtful acknowledgement",
            extra={
                "peer": peer,
                "pid": pid.hex(),
                "event": claim.acknowledgement.event.value,
                "code": code,
            },
        )
