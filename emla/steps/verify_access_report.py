"""verify_access_report: bytes -> a report of the holder that was asked, about what it was asked (docs/spec/accesses.md, 4).

Ladder: 4.1 the form; 4.2 from the authority that was asked; 4.3 signed by a key of it; 4.4 to us; 4.5 its clock; 4.6 about the
case and the place that were asked for; 4.7 under a checkpoint of that ledger, which reaches as far as the report.
"""

from emla.formats import access_report as form
from emla.formats import dsse
from emla.ledger import checkpoint as checkpoint_form
from emla.model.access import AccessReport, LedgerPlace
from emla.model.documents import Authority, KeyUse
from emla.model.errors import InvalidAcknowledgementError, InvalidPackageError, MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType

SKEW_SECONDS = 86400
"""As of a ping: a report from a gateway whose clock is wrong is better than none, and says when by its own clock."""


def verify_access_report(
    signed: bytes, *, holder: Authority, here: str, case_id: bytes, first: LedgerPlace, now: int
) -> AccessReport:
    """Verify what a holder answered.

    Args:
        signed: the encoded signed object, as received.
        holder: the pinned authority that was asked.
        here: this authority.
        case_id: the case that was asked about.
        first: the place that was asked for.
        now: our clock, UNIX seconds.

    Raises:
        InvalidPackageError: the code of the rung that failed.
    """
    # 4.1
    try:
        envelope = dsse.decode(signed, PayloadType.ACCESSES, WIRE.access_bytes)
        report = form.decode(envelope.payload)
    except MalformedError as error:
        raise InvalidPackageError("malformed", error.detail) from error
    # 4.2
    if report.sender != holder.id:
        raise InvalidPackageError("unknown-sender", f"It is a report of '{report.sender}'.")
    if holder.frozen:
        raise InvalidPackageError("frozen", f"{holder.id} is frozen.")
    # 4.3
    if len(envelope.signatures) != 1:
        raise InvalidPackageError("malformed", "An access report has one signature.")
    kid = envelope.signatures[0].kid
    key = holder.key(kid, KeyUse.SIGN, report.at)
    if key is None or not dsse.verifies(envelope, kid, key.public):
        raise InvalidPackageError("bad-signature")
    # 4.4
    if report.recipient != here:
        raise InvalidPackageError("not-recipient", f"It is for '{report.recipient}'.")
    # 4.5
    if abs(report.at - now) > SKEW_SECONDS:
        raise InvalidPackageError("clock-skew", f"The holder's clock says {report.at}.")
    # 4.6
    if report.case_id != case_id or not _answers(report.first, first):
        raise InvalidPackageError("malformed", "It answers another question.")
    # 4.7
    _check_checkpoint(report, holder)
    return report


def _answers(place: LedgerPlace, asked: LedgerPlace) -> bool:
    """Whether it begins where it was asked to: there, or with the first epoch that the holder knows behind it."""
    return place == asked or (place.epoch > asked.epoch and place.index == 0)


def _check_checkpoint(report: AccessReport, holder: Authority) -> None:
    try:
        claimed = checkpoint_form.decode(report.checkpoint).checkpoint
    except InvalidAcknowledgementError as error:
        raise InvalidPackageError("malformed", "Its checkpoint is none.") from error
    base, _, epoch = claimed.origin.rpartition("/")
    if base != holder.card.ledger_origin.rpartition("/")[0] or epoch != str(report.first.epoch):
        raise InvalidPackageError("malformed", "Its checkpoint is of another ledger.")
    publics = [each.public for each in holder.keys(KeyUse.LEDGER) if not holder.revoked(each.kid)]
    try:
        checkpoint_form.verify_any(report.checkpoint, claimed.origin, publics)
    except InvalidAcknowledgementError as error:
        raise InvalidPackageError(
            "bad-signature", "Its checkpoint is not signed by the holder's ledger."
        ) from error
    if claimed.size < report.end:
        raise InvalidPackageError("malformed", "Its checkpoint does not reach as far as the report.")
