"""Whose word counts about what was sent: the owner's, the sender's, the holder's. Asked of an act before it is heard.

Rules of this file:
- What was sent belongs to its OwnerAuthority; who is not named so is not the owner, and where nobody is, the sender is.
- The owner recalls and consents. Who sent it for somebody else passes his recall on; he does not consent for him.
- The holder answers a recall and gives notice of a disclosure. A restriction may be added by anybody who has a part in it: it
  only binds; lifting one is the owner's (`holdings`).
- What names a message that is not here is nobody's trespass.
"""

from collections.abc import Callable, Mapping

from emla.cases.judgement import LATE_NOTICE, NOT_HOLDER, NOT_OWNER, Objection
from emla.model.legal_act import LegalAct, Reference


def owner_of(act: LegalAct) -> str:
    """To whom what a message brought belongs."""
    return act.owner or act.sender


def _may_recall(claimant: str, brought: LegalAct) -> bool:
    return claimant in (owner_of(brought), brought.sender)


def _may_consent(claimant: str, brought: LegalAct) -> bool:
    return claimant == owner_of(brought)


def _holds(claimant: str, brought: LegalAct) -> bool:
    return claimant == brought.recipient


ENTITLED: Mapping[str, Callable[[str, LegalAct], bool]] = {
    "RecallNotice": _may_recall,
    "UseConsentDecision": _may_consent,
    "RecallConfirmation": _holds,
    "ExculpatoryDisclosureNotice": _holds,
}
"""Message type to: may this authority say it of what that message brought?"""


def named_in(act: LegalAct) -> tuple[Reference, ...]:
    """What an act is about."""
    return tuple(each for each, _ in act.outcomes) or act.references


def trespasses(
    act: LegalAct, by_id: Mapping[bytes, tuple[LegalAct, ...]]
) -> tuple[tuple[Objection, ...], bool]:
    """What speaks against an act that disposes of what was sent.

    Args:
        act: any act.
        by_id: the messages that are here, one for each sender.

    Returns:
        Objections, and whether anything is left of the act.
    """
    entitled = ENTITLED.get(act.message_type)
    if entitled is None:
        return (), True
    if _is_late(act) and act.last_on is not None:
        return (LATE_NOTICE.objection(day=act.last_on.isoformat()),), False
    named = tuple(dict.fromkeys(named_in(act)))
    strange = [each for each in named if _is_strange(act, each, by_id, entitled)]
    ground = NOT_OWNER if act.message_type in ("RecallNotice", "UseConsentDecision") else NOT_HOLDER
    objections = tuple(ground.objection(sender=act.sender, thing=_words(each)) for each in strange)
    return objections, not named or len(strange) < len(named)


def _is_late(act: LegalAct) -> bool:
    """Whether it tells of a disclosure after the day without saying why not before."""
    is_notice = act.message_type == "ExculpatoryDisclosureNotice"
    return is_notice and not act.flag and act.last_on is not None and act.last_on < act.issued_at.date()


def _is_strange(
    act: LegalAct,
    reference: Reference,
    by_id: Mapping[bytes, tuple[LegalAct, ...]],
    entitled: Callable[[str, LegalAct], bool],
) -> bool:
    """Whether a thing that is here is not the claimant's to dispose of; what a third State sent under the id is not looked at."""
    meant = [each for each in by_id.get(reference.message_id, ()) if each.between == act.between]
    return bool(meant) and not any(entitled(act.sender, each) for each in meant)


def _words(reference: Reference) -> str:
    message = f"message {reference.message_id.hex()[:12]}"
    return f"{reference.local_id} in {message}" if reference.local_id else message
