"""receive_acknowledgement: a later acknowledgement that a peer pushes -> the leg moves on. Answered after the commit."""

from collections.abc import Callable

from emla.flow.deliver import record_acknowledgement
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.model.acknowledgement import ISSUED_BY_HUB, Event
from emla.model.errors import InvalidAcknowledgementError
from emla.ports.store import DuplicateError
from emla.steps.verify_acknowledgement import read_acknowledgement, verify_claim


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
            InvalidAcknowledgementError: it does not verify, or is about a package we never sent.
        """
        gateway = self._gateway
        claim = read_acknowledgement(stored)
        subject = gateway.sent_subject(claim.acknowledgement.pid)
        issuer = gateway.directory.find(claim.acknowledgement.by)
        if subject is None or issuer is None:
            raise InvalidAcknowledgementError("unknown-package")
        if claim.acknowledgement.event in ISSUED_BY_HUB:
            # A hub's word counts only as the answer of the hub we asked; nobody tells us unasked who holds a package.
            raise InvalidAcknowledgementError("acknowledgement-mismatch", "No hub was asked for this.")
        verified = verify_claim(claim, issuer=issuer, subject=subject, witnessed=gateway.witnessed)
        if aid is not None and verified.aid != aid:
            raise InvalidAcknowledgementError("malformed", "The URL names another acknowledgement.")
        self._on_contact(issuer.id)
        if gateway.store.read.acknowledgement(verified.aid) is not None:
            return
        try:
            await gateway.store.write(record_acknowledgement(verified))
        except DuplicateError as error:
            # The first acknowledgement of an event stands; a second, different one is the issuer's contradiction.
            raise InvalidAcknowledgementError(
                "acknowledgement-mismatch", "Another acknowledgement of this event is here already."
            ) from error
        self._news.tell(verified.acknowledgement.pid)
        if verified.acknowledgement.event is Event.RELAY_REJECTION:
            gateway.signals.wake(issuer.id)  # a package that this one replaced may be asked for again
