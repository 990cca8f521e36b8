"""ahead: a message that was checked by itself -> what its case says of it, before it is sealed.

Here: which case, what the rules may know of it, which package it answers, what would be said of the act. Not here: the rules
(`emla.rules`), the judgement (`emla.cases`).

Rule of this file: what was judged must still hold when it is committed. So the judgement bears the version of the case, the batch
compares it, and a submission between the two is judged again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from emla.cases.ahead import findings_ahead
from emla.cases.facts import facts_for
from emla.cases.order import answered_by, opens
from emla.flow.dockets import Dockets, Held
from emla.flow.gateway import Gateway
from emla.flow.onward import Passed, onward
from emla.formats import header as header_form
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.legal_act import LegalAct
from emla.model.terms import CaseFacts, Terms
from emla.ports.sandbox import Checked
from emla.ports.store import Transaction
from emla.rules.weigh import weigh

ERASED = "ERASED"
"""Code of CL-RECALLRESULT."""


class CaseMovedError(Exception):
    """Another act of the case was committed since it was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A case as it stood when a message was judged by it."""

    act: LegalAct
    held: Held
    facts: CaseFacts | None
    answers: bytes | None
    """The payload id of the package that it answers."""
    onward: tuple[Finding, ...] = ()
    """What is to be said of files in it that came from others."""
    compared: tuple[Held, ...] = ()
    """The cases in which these came."""
    passed: tuple[Passed, ...] = ()
    """What of others goes on with it."""

    @property
    def is_plain(self) -> bool:
        """Whether the case has nothing to add: the message begins one of which nothing is here."""
        return not self.held.acts and opens(self.act)

    def findings(self, already: Sequence[Finding], terms: Terms) -> tuple[Finding, ...]:
        """What is to be said of the act; rules that found something already are not said twice."""
        said: tuple[Finding, ...] = ()
        if not self.is_plain:
            rules = frozenset(each.rule for each in already)
            said = findings_ahead(self.held.acts, self.act, already=rules)
        return weigh((*said, *self.onward), terms)

    def judged(self, checked: Checked, terms: Terms) -> Checked:
        """The message with what its case says of it.

        Raises:
            InvalidMessageError: it would have no effect, or a part of it would have none and nobody gave a reason.
        """
        ahead = self.findings(checked.findings, terms)
        if any(each.blocks for each in ahead):
            raise InvalidMessageError(
                "invalid-message", ahead[0].message, findings=(*ahead, *checked.findings)
            )
        return replace(checked, findings=(*checked.findings, *ahead)) if ahead else checked

    def joined(self, error: InvalidMessageError, terms: Terms) -> InvalidMessageError:
        """A refusal with what the case says as well, so that the officer hears everything at once."""
        ahead = self.findings(error.findings, terms) if error.code == "invalid-message" else ()
        if not ahead:
            return error
        return InvalidMessageError(error.code, error.detail, findings=(*error.findings, *ahead))

    def require_unmoved(self, transaction: Transaction) -> None:
        """In the batch: nothing came between.

        Raises:
            CaseMovedError: something did.
        """
        for each in (self.held, *self.compared):
            if transaction.newest_acts(each.cases) != each.version:
                raise CaseMovedError


async def look(gateway: Gateway, dockets: Dockets, act: LegalAct, seen: str | None) -> Look:
    """Look at the case of an act that is not sent yet.

    Args:
        gateway: where its packages are.
        dockets: the cases.
        act: the act.
        seen: the tag of the case that its officer looked at, where that was said.

    Raises:
        InvalidMessageError: ``case-changed``: it was another one. ``not-erased``.
    """
    held = await dockets.of(act.case_id, [other for other, _ in act.relates_to])
    if seen is not None and seen != held.tag:
        raise InvalidMessageError("case-changed", f"Case {act.case_id.hex()} has another act by now.")
    require_erased(gateway, held, act)
    compared, found, passed = await onward(gateway, dockets, act)
    standing = held.docket.request_of(act)
    row = held.package_of(standing.opening) if standing else None
    arrived_on = datetime.fromtimestamp(row.at, UTC).date() if row is not None and row.incoming else None
    return Look(
        act=act,
        held=held,
        facts=facts_for(held.docket, act, arrived_on=arrived_on) if standing else None,
        answers=_payload_answered(gateway, held, act),
        onward=found,
        compared=compared,
        passed=passed,
    )


def require_erased(gateway: Gateway, held: Held, act: LegalAct) -> None:
    """Refuse to say that something was erased whose content is here.

    Raises:
        InvalidMessageError: ``not-erased``.
    """
    if act.message_type != "RecallConfirmation":
        return
    said = {each.message_id for each, result in act.outcomes if result == ERASED}
    for each in held.own:
        row = held.package_of(each)
        if each.message_id in said and row is not None and row.incoming:
            found = gateway.store.read.erasure_of(row.pid)
            if found is None:
                raise InvalidMessageError("not-erased", f"It came with the package {row.pid.hex()[:8]}.")


def _payload_answered(gateway: Gateway, held: Held, act: LegalAct) -> bytes | None:
    answered = answered_by(act, held.docket.by_id)
    row = held.package_of(answered) if answered else None
    listed = gateway.store.read.listed(row.pid) if row else None
    if listed is None:
        return None
    return header_form.decode(header_form.decode_signed(listed.signed).payload).payload.id
