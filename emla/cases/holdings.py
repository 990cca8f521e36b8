"""holdings: a docket -> what each message has brought, and what binds who holds it: the label in force, recalls, consents.

Here: the fold. Not here: whose word counts (`ownership`), reading and passing on (`onward`). Why: docs/explanation/ownership.md.

Rules of this file:
- A function of the docket, which is a function of the set of acts: any order, repetition or delay gives the same.
- Every message brought something, whatever became of it as an act. What disposes of that must have an effect.
- A restriction that is added holds for whoever adds it. The owner alone sets anew, and then earlier consents are over.
- Time is an argument: a restriction counts from the instant that it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from emla.cases.docket import Docket
from emla.cases.judgement import Effect
from emla.cases.order import answered_by
from emla.cases.ownership import ENTITLED, named_in, owner_of
from emla.model.legal_act import LegalAct, Reference
from emla.model.restriction import Label, UseLimit, stricter

MESSAGE, FILE, ITEM = "message", "file", "item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Something was recalled."""

    notice: LegalAct
    result: str = ""
    """Code of CL-RECALLRESULT; empty until the holder has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The owner's answer to a question for another use."""

    decision: LegalAct
    asked: LegalAct | None

    def holds(self, today: date) -> bool:
        """Whether it frees from anything: one in part is words for people."""
        last_on = self.decision.last_on
        return self.decision.code == "GRANTED" and (last_on is None or today <= last_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """The message itself, a file, or an item of evidence."""

    local_id: str
    """Its id in the message; empty for the message itself."""
    kind: str
    sha256: bytes = b""
    changes: tuple[LegalAct, ...] = ()
    """In the order in which they count; nothing before the owner's newest."""
    recall: Recall | None = None
    consents: tuple[Consent, ...] = ()
    disclosures: tuple[LegalAct, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one message has brought."""

    act: LegalAct
    owner: str
    things: tuple[Thing, ...]
    limits: frozenset[str] = frozenset()
    """Codes of CL-USE: conditions that its receiver has accepted."""
    unusable: bool = False
    """Whether it crossed a withdrawal, and its fate is not settled."""

    @property
    def holder(self) -> str:
        """To whom it was sent."""
        return self.act.recipient

    def thing(self, local_id: str) -> Thing | None:
        """One thing by its id."""
        return next((each for each in self.things if each.local_id == local_id), None)

    def files_of(self, sha256: bytes) -> tuple[Thing, ...]:
        """The files with a hash."""
        return tuple(each for each in self.things if each.sha256 == sha256)

    def label(self, thing: Thing, at: datetime) -> Label:
        """The label of a thing that is in force at an instant."""
        return _in_force(self, thing, at)


@dataclass(slots=True, kw_only=True)
class _Held:
    """A holding in the making."""

    act: LegalAct
    things: dict[str, Thing] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Item to its files."""

    def named(self, local_id: str) -> Iterator[str]:
        """The things that a reference means: all, an item with its files, a file."""
        if not local_id:
            yield from self.things
        elif local_id in self.things:
            yield local_id
            yield from (each for each in self.files.get(local_id, ()) if each in self.things)


def holdings(docket: Docket) -> tuple[Holding, ...]:
    """Everything that the messages of a docket have brought, in the order of its acts."""
    held = [_brought(each.act) for each in docket.judgements]
    by_message: dict[bytes, list[_Held]] = {}
    for each in held:
        by_message.setdefault(each.act.message_id, []).append(each)
    for judged in docket.judgements:
        if judged.effect is Effect.EFFECTIVE:
            _dispose(judged.act, by_message, docket)
    return tuple(_finished(each, docket) for each in held)


def _brought(act: LegalAct) -> _Held:
    held = _Held(act=act, files=dict(act.items))
    held.things[""] = Thing(local_id="", kind=MESSAGE, sha256=act.digest)
    for file in act.files:
        held.things[file.attachment_id] = Thing(local_id=file.attachment_id, kind=FILE, sha256=file.sha256)
    for item_id, _ in act.items:
        held.things.setdefault(item_id, Thing(local_id=item_id, kind=ITEM))
    return held


def things_of(act: LegalAct) -> tuple[Thing, ...]:
    """What a message has brought, itself first; before anything was said of it."""
    return tuple(_brought(act).things.values())


def _finished(held: _Held, docket: Docket) -> Holding:
    act = held.act
    request = docket.about.get(act.key)
    standing = docket.standings[request] if request is not None else None
    binds = standing is not None and act.message_type in ("ResultTransmission", "SpontaneousInformation")
    return Holding(
        act=act,
        owner=owner_of(act),
        things=tuple(held.things.values()),
        limits=standing.limits - standing.consented if standing is not None and binds else frozenset(),
        unusable=standing is not None and act.message_id in standing.unusable,
    )


# --- acts that dispose of what is held ---


def _dispose(act: LegalAct, by_message: dict[bytes, list[_Held]], docket: Docket) -> None:
    consent = _consent(act, docket) if act.message_type == "UseConsentDecision" else None
    for reference in _meant(act, consent):
        for held in by_message.get(reference.message_id, ()):
            if _counts(act, held.act):
                for local_id in held.named(reference.local_id):
                    thing = held.things[local_id]
                    held.things[local_id] = _disposed(act, consent, thing, reference, owner_of(held.act))


def _consent(act: LegalAct, docket: Docket) -> Consent:
    asked = answered_by(act, docket.by_id)
    is_question = asked is not None and asked.message_type == "UseConsentRequest"
    return Consent(decision=act, asked=asked if is_question else None)


def _meant(act: LegalAct, consent: Consent | None) -> tuple[Reference, ...]:
    """What an act is about; of a consent that names nothing what it was asked for."""
    if consent is not None and consent.asked is not None and not act.references:
        return consent.asked.references
    return named_in(act)


def _counts(act: LegalAct, brought: LegalAct) -> bool:
    if act.message_type == "RestrictionChange":
        return act.sender in (owner_of(brought), brought.sender, brought.recipient)
    entitled = ENTITLED.get(act.message_type)
    return entitled is not None and entitled(act.sender, brought)


def _disposed(
    act: LegalAct, consent: Consent | None, thing: Thing, reference: Reference, owner: str
) -> Thing:
    if act.message_type == "RestrictionChange" and act.new_label is not None:
        if act.sender == owner:
            return replace(thing, changes=(*thing.changes, act), consents=())
        return replace(thing, changes=(*thing.changes, act))
    if act.message_type == "RecallNotice":
        return replace(thing, recall=Recall(notice=act))
    if act.message_type == "RecallConfirmation" and thing.recall is not None:
        said = next((code for each, code in act.outcomes if each == reference), "")
        return replace(thing, recall=replace(thing.recall, result=said))
    if consent is not None:
        return replace(thing, consents=(*thing.consents, consent))
    if act.message_type == "ExculpatoryDisclosureNotice":
        return replace(thing, disclosures=(*thing.disclosures, act))
    return thing


# --- the label in force ---


def _in_force(holding: Holding, thing: Thing, at: datetime) -> Label:
    act = holding.act
    label = replace(act.label or Label(), owner=holding.owner)
    known = {each.restriction_id for each in label.limits}
    label = _with(
        label,
        (
            UseLimit(limit=each.use_limit, restriction_id=each.condition_id)
            for each in act.conditions
            if each.use_limit and each.condition_id not in known
        ),
    )
    for change in thing.changes:
        if change.new_label is None or (change.effective_from or change.issued_at) > at:
            continue
        if change.sender == holding.owner:
            label = replace(change.new_label, owner=holding.owner)
        else:
            label = stricter(label, change.new_label)
    said = {each.limit for each in label.limits}
    label = _with(label, (UseLimit(limit=each) for each in sorted(holding.limits) if each not in said))
    freed = {
        each
        for consent in thing.consents
        if consent.holds(at.date())
        for each in consent.decision.restrictions
    }
    kept = (
        each
        for each in label.limits
        if Reference(message_id=act.message_id, local_id=each.restriction_id) not in freed
    )
    return replace(label, limits=tuple(kept))


def _with(label: Label, limits: Iterator[UseLimit]) -> Label:
    return replace(label, limits=(*label.limits, *limits))
