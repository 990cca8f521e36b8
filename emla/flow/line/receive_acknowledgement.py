"""receive_acknowledgement: a later acknowledgement that a peer pushes -> the leg moves on. Answered after the commit."""

from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.flow.line.doubts import keep_doubtful
from emla.flow.news import News
from emla.flow.record import Recorded, record_acknowledgement, tell_contradiction
from emla.model.acknowledgement import ISSUED_BY_HUB, Event, VerifiedAcknowledgement
from emla.model.errors import InvalidAcknowledgementError
from emla.steps.verify_acknowledgement import ClaimedAcknowledgement, read_acknowledgement, verify_claim


class ReceiveAcknowledgement:
    """The journey of an acknowledgement into our ledger."""

    def __init__(self, gateway: Gateway, news: News, on_contact: Callable[[str], None]) -> None:
        self._gateway = gateway
        self._news = news
        self._on_contact = on_contact

    async def __call__(self, aid: bytes | None, stored: bytes) -> None:
        """Verify and keep an acknowledgement; a repeat is a success.

        Args:
            aid: the id the caller named it by, if it did.
            stored: the bundle.

        Raises:
            InvalidAcknowledgementError: it does not verify, or is about a package we never sent. If its issuer signed it,
                it is kept for people.
        """
        gateway = self._gateway
        claim = read_acknowledgement(stored)
        said = claim.acknowledgement
        try:
            verified = self._verify(claim)
        except InvalidAcknowledgementError as error:
            await keep_doubtful(gateway, stored, said.by, said.pid, error.code)
            raise
        if aid is not None and verified.aid != aid:
            raise InvalidAcknowledgementError("malformed", "The URL names another acknowledgement.")
        self._on_contact(said.by)
        recorded = await gateway.store.write(record_acknowledgement(verified, at=gateway.now()))
        if recorded is Recorded.KNOWN:
            return  # a repeat is no news, and wakes nothing
        if recorded in (Recorded.CONTRADICTS, Recorded.CONTRADICTS_AS_KNOWN):
            # The first acknowledgement of an event stands; a second, different one is the issuer's contradiction.
            tell_contradiction(verified, recorded)
            raise InvalidAcknowledgementError(
                "acknowledgement-mismatch", "Another acknowledgement of this event is here already."
            )
        self._news.tell(said.pid)
        if said.event is Event.RELAY_REJECTION:
            gateway.signals.wake(said.by)  # a package that this one replaced may be asked for again

    def _verify(self, claim: ClaimedAcknowledgement) -> VerifiedAcknowledgement:
        gateway = self._gateway
        subject = gateway.sent_subject(claim.acknowledgement.pid)
        issuer = gateway.directory.find(claim.acknowledgement.by)
        if subject is None or issuer is None:
            raise InvalidAcknowledgementError("unknown-package")
        if claim.acknowledgement.event in ISSUED_BY_HUB:
            # A hub's word counts only as the answer of the hub we asked; nobody tells us unasked who holds a package.
            raise InvalidAcknowledgementError("acknowledgement-mismatch", "No hub was asked for this.")
        return verify_claim(claim, issuer=issuer, subject=subject, witnessed=gateway.witnessed)
