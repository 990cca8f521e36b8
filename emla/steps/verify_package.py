"""verify_package: header bytes -> VerifiedPackage. Rungs 2 to 10 of the ladder (docs/spec/ladder.md), each fails closed.

No state is read or written here: duplicates, sequence numbers and quotas (rungs 11-13) belong to `flow.line.accept`. Before
rung 7 nothing is known about the sender, so those errors are raised and answered unsigned. Some later refusals are values:
the recipient signs a RelayRejection about them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from emla.formats import dsse
from emla.formats import header as form
from emla.model.documents import Authority, KeyUse
from emla.model.errors import InvalidPackageError, MalformedError
from emla.model.limits import WireLimits
from emla.model.package import SUITES, Header, VerifiedPackage
from emla.steps.acknowledge import signature_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPackage:
    """A package whose signature holds but which is refused for `code`; the recipient signs a RelayRejection."""

    package: VerifiedPackage
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who verifies: the own authority id, the sealing keys that are live, the largest payload taken, in bytes."""

    authority: str
    sealing_kids: frozenset[str]
    payload_bytes_max: int


def never_seen(_pid: bytes) -> bool:
    """The witness of whoever has no store: nothing was seen before."""
    return False


def verify_package(
    signed: bytes,
    *,
    addressee: Addressee,
    find_sender: Callable[[str], Authority | None],
    now: int,
    limits: WireLimits,
    witnessed: Callable[[bytes], bool] = never_seen,
) -> VerifiedPackage | RefusedPackage:
    """Verify a package's header.

    Args:
        signed: the encoded signed object, as received.
        addressee: this gateway.
        find_sender: the pinned authority of an id, or None.
        now: this gateway's clock, UNIX seconds.
        limits: clock skew allowed.
        witnessed: whether the package of this id is stored here already. A key that is revoked today signed it then.

    Raises:
        InvalidPackageError: ``malformed``, ``unknown-sender``, ``frozen``, ``bad-signature``, ``revoked-key``, ``not-recipient``,
            ``unknown-kid`` or ``clock-skew``.
    """
    package = verify_signed_header(signed, find_sender=find_sender, witnessed=witnessed)
    header = package.header
    _check_addressing(header, addressee, now, limits)
    code = _refusal(header, addressee, now)
    return RefusedPackage(package=package, code=code) if code else package


def verify_signed_header(
    signed: bytes,
    *,
    find_sender: Callable[[str], Authority | None],
    witnessed: Callable[[bytes], bool] = never_seen,
) -> VerifiedPackage:
    """Verify who signed a header and that it has its form: rungs 2 to 7, which recipient and hub share.

    Raises:
        InvalidPackageError: ``malformed``, ``unknown-sender``, ``frozen``, ``bad-signature`` or ``revoked-key``.
    """
    try:
        # 2 strict DSSE, 3 type
        envelope = form.decode_signed(signed)
        parsed = form.parse(envelope.payload)
        claimed = form.claimed_sender(parsed)
    except MalformedError as error:
        raise InvalidPackageError("malformed", error.detail) from error
    # 4 sender known, pinned and not frozen
    sender = find_sender(claimed)
    if sender is None:
        raise InvalidPackageError("unknown-sender", f"'{claimed}' is not pinned here.")
    if sender.frozen:
        raise InvalidPackageError("frozen", f"{sender.id} is frozen.")
    # 5 the kid is a sign key of the sender, 6 the signature holds; the window is judged at `created`, below
    if len(envelope.signatures) != 1:
        raise InvalidPackageError("malformed", "A header has one signature.")
    kid = envelope.signatures[0].kid
    keys = [key for key in sender.keys(KeyUse.SIGN) if key.kid == kid]
    if not keys or not dsse.verifies(envelope, kid, keys[0].public):
        raise InvalidPackageError("bad-signature", f"Not signed by a key of {sender.id}.")
    # 5c not revoked, whatever date it bears: a thief writes any date. Only what was here before stands.
    pid = form.package_id(envelope.payload)
    if sender.revoked(kid) and not witnessed(pid):
        raise InvalidPackageError("revoked-key", f"{sender.id} has revoked the key {kid}.")
    # 7 what the same bytes say
    try:
        header = form.read(parsed)
    except MalformedError as error:
        raise InvalidPackageError("malformed", error.detail) from error
    # 5 again, now that `created` may be believed
    if sender.listed(kid, KeyUse.SIGN, header.created) is None:
        raise InvalidPackageError(
            "bad-signature", "The signing key was not valid when the package was created."
        )
    return VerifiedPackage(
        header=header,
        pid=pid,
        signed=signed,
        signature_sha256=signature_hash(envelope),
    )


def _check_addressing(header: Header, addressee: Addressee, now: int, limits: WireLimits) -> None:
    # 8 addressed to me. Unsigned: a rejection by somebody who is not the recipient proves nothing to anyone.
    if header.recipient != addressee.authority:
        raise InvalidPackageError("not-recipient", f"Addressed to {header.recipient}.")
    # 9 not from the future. Unsigned: the clock that is wrong may be ours.
    if header.created > now + limits.clock_skew_seconds:
        raise InvalidPackageError("clock-skew", f"Created at {header.created}, here it is {now}.")


def _refusal(header: Header, addressee: Addressee, now: int) -> str | None:
    # 9 not expired
    if now >= header.expires:
        return "expired"
    # 10 suites that I publish
    if header.suites != SUITES:
        return "bad-suite"
    # 8 sealed to a live key of mine; after the suites, because a kid means something only within its suite
    if header.kid not in addressee.sealing_kids:
        raise InvalidPackageError("unknown-kid", f"No sealing key {header.kid} is live here.")
    if header.payload.size > addressee.payload_bytes_max:
        return "too-large"
    return None
