"""onward: may something that is held be read, and may it go to somebody else, now?

Rules of this file:
- What belongs to whoever asks binds him not. It may always go back to its owner and to who sent it.
- The answer is a value: None, or why not, with the source in a treaty.
- Exonerating material: nothing keeps a State from disclosing it in its own proceedings, once notice was given (UNCAC 46(19)).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from emla.cases.holdings import Holding, Thing
from emla.model.legal_act import state_of
from emla.model.restriction import ASK_ONWARD, Label, lost

RECALLED, ENDED, UNUSABLE, OUTLIVED = "recalled", "use-ended", "unusable", "retention-ended"
"""Codes of `emla.model.codes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Why something may not be read."""

    code: str
    detail: str


def bar(holding: Holding, thing: Thing, own: str, at: datetime, *, on_hold: bool = False) -> Bar | None:
    """Why an authority may not read a thing that it holds; None where it may.

    Args:
        holding: what the message has brought.
        thing: the thing.
        own: the authority.
        at: when.
        on_hold: whether its case is on legal hold there: what has to be kept may be read as long as it is kept.
    """
    if own == holding.owner or own != holding.holder:
        return None
    if thing.recall is not None:
        notice = thing.recall.notice
        said = f"{notice.sender} recalled it on {notice.issued_at.date()}: {notice.code or 'no reason given'}"
        return Bar(code=RECALLED, detail=f"{said}; it asks to {_ACTIONS.get(notice.disposition, 'answer')}.")
    if holding.unusable:
        return Bar(code=UNUSABLE, detail="It crossed a withdrawal, and what becomes of it is not settled.")
    label = holding.label(thing, at)
    outlived = None if on_hold else label.outlived(at.date())
    if outlived is not None:
        then = _DISPOSITIONS.get(label.disposition, "what becomes of it, domestic law decides")
        return Bar(code=OUTLIVED, detail=f"{holding.owner} let it be kept until {outlived}; {then}.")
    ended = label.ended(at.date())
    if ended is not None:
        return Bar(code=ENDED, detail=f"{holding.owner} limited its use to {ended}.")
    return None


_DISPOSITIONS = {"DELETE": "then it is to be erased", "RETURN": "then it is to be returned"}
_ACTIONS = {"ERASE": "erase it", "QUARANTINE": "keep it out of use", "RETURN": "return it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody to whom something is to go."""

    authority: str
    names: frozenset[str] = frozenset()
    """Its id and its names, case-folded: what a question for consent may call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Why something may not go on as it is meant to: a sentence that ends it, or what the label leaves out."""

    sentence: str = ""
    left_out: tuple[str, ...] = ()
    unsaid: bool = False
    """The owner said nothing of passing it on: an officer may know that it is nobody's secret."""


def passing(
    holding: Holding, thing: Thing, to: Receiver, carried: Label, own: str, at: datetime
) -> Passing | None:
    """Why a thing that an authority holds may not go to another one under a label; None where it may."""
    if own == holding.owner or own != holding.holder or to.authority in (holding.owner, holding.act.sender):
        return None
    label = holding.label(thing, at)
    stopped = bar(holding, thing, own, at)
    if stopped is not None:
        return Passing(sentence=stopped.detail)
    if not _is_disclosed(thing, to, own):
        sentence = _forbidden(holding, thing, label, to, at)
        if sentence:
            return Passing(sentence=sentence, unsaid=_says_nothing(label))
    left_out = lost(label, carried, holding.owner)
    return Passing(left_out=left_out) if left_out else None


def _says_nothing(label: Label) -> bool:
    silent = not (label.onward or label.not_releasable_to or label.sealed or label.sensitive)
    return silent and label.passes == "ASK" and not any(each.limit == ASK_ONWARD for each in label.limits)


def _is_disclosed(thing: Thing, to: Receiver, own: str) -> bool:
    return bool(thing.disclosures) and state_of(to.authority) == state_of(own)


def _forbidden(holding: Holding, thing: Thing, label: Label, to: Receiver, at: datetime) -> str:
    owner = holding.owner
    if label.excludes(to.authority):
        return f"{owner} has said that {to.authority} must not see it."
    if any(
        consent.holds(at.date()) and _asked_for(consent.asked.recipients, to)
        for consent in thing.consents
        if consent.asked is not None
    ):
        return ""
    if label.passes == "NONE":
        return f"{owner} allows no onward transfer."
    if label.passes == "ASK":
        return f"{owner} is to be asked first, and has not consented that it goes to {to.authority}."
    return (
        "" if label.includes(to.authority) else f"{owner} did not name {to.authority} as one that may see it."
    )


def _asked_for(recipients: Iterable[str], to: Receiver) -> bool:
    return any(each.casefold() in to.names | {to.authority} for each in recipients)
