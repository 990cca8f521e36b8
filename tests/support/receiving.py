"""What a recipient does with a package, from its header to its last part, for tests that attack it."""

import hashlib

from emla.model.errors import EmlaError
from emla.model.limits import WIRE
from emla.model.package import OpenedPackage
from emla.steps.unseal import unseal
from emla.steps.verify_package import RefusedPackage, verify_package
from tests.support.authorities import NOW, Package, Party, find


def receive(package: Package, recipient: Party, *pinned: Party, now: int = NOW + 10) -> OpenedPackage | str:
    """Walk the ladder from rung 2 to rung 19; the opened package, or the code it fails with."""
    verdict, opened = walk(package, recipient, *pinned, now=now)
    return opened if opened is not None else verdict


def walk(
    package: Package, recipient: Party, *pinned: Party, now: int = NOW + 10
) -> tuple[str, OpenedPackage | None]:
    """Walk the ladder and return the code with its detail, as text, and what was opened."""
    try:
        verified = verify_package(
            package.signed, addressee=recipient.addressee, find_sender=find(*pinned), now=now, limits=WIRE
        )
        if isinstance(verified, RefusedPackage):
            return verified.code, None
        reference = verified.header.payload
        if (
            len(package.payload) != reference.size
            or hashlib.sha256(package.payload).digest() != reference.sha256
        ):
            return "digest-mismatch", None
        return "success", unseal(verified.header, package.read, recipient.find_key, 1 << 20)
    except EmlaError as error:
        return error.code, None
