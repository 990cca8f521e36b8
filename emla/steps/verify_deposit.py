"""verify_deposit: what a hub can know about a package that it is to hold (docs/spec/hub.md, section 3).

Rungs 2 to 7 of the ladder are those of the recipient. The rest is the hub's own: it cannot open the package, holds no key for it,
and knows neither the recipient's suites nor its numbers, so it judges none of them.
"""

from collections.abc import Callable

from emla.model.documents import Authority
from emla.model.errors import InvalidPackageError
from emla.model.limits import WireLimits
from emla.model.package import VerifiedPackage
from emla.steps.verify_package import RefusedPackage, never_seen, verify_signed_header


def verify_deposit(
    signed: bytes,
    *,
    hub: str,
    find_member: Callable[[str], Authority | None],
    payload_bytes_max: int,
    now: int,
    limits: WireLimits,
    witnessed: Callable[[bytes], bool] = never_seen,
) -> VerifiedPackage | RefusedPackage:
    """Verify the header of a package that is to be held for its recipient.

    Args:
        signed: the encoded signed object, as received.
        hub: this authority.
        find_member: the pinned authority of an id, or None.
        payload_bytes_max: the largest payload held.
        now: this hub's clock, UNIX seconds.
        limits: clock skew allowed.
        witnessed: whether the package of this id is held, or was, already.

    Raises:
        InvalidPackageError: those of rungs 2 to 7, ``not-recipient``, ``unknown-recipient`` or ``clock-skew``.
    """
    package = verify_signed_header(signed, find_sender=find_member, witnessed=witnessed)
    header = package.header
    # 8h: a hub is nobody's recipient, and holds for members only
    if header.recipient == hub:
        raise InvalidPackageError("not-recipient", "A hub takes no packages of its own.")
    if find_member(header.recipient) is None:
        raise InvalidPackageError("unknown-recipient", f"'{header.recipient}' is no member of this hub.")
    # 9
    if header.created > now + limits.clock_skew_seconds:
        raise InvalidPackageError("clock-skew", f"Created at {header.created}, here it is {now}.")
    if now >= header.expires:
        return RefusedPackage(package=package, code="expired")
    if header.payload.size > payload_bytes_max:
        return RefusedPackage(package=package, code="too-large")
    return package
