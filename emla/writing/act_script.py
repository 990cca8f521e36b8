"""The script of one act in one situation: what the case says already, and the answers that it leaves open.

Here: from (act, situation, instant) to a `Script`, to the answers that stand before anybody is asked, and to what is computed.

Rules of this file:
- The officer is never asked for what the case says: ids, references, measures, open questions, conditions.
- What an officer must answer for (a decision, an outcome, reasons) has no default here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emla.model.case_states import RequestState, Side
from emla.model.limits import WIRE
from emla.writing import targets
from emla.writing.act_plan import ACT_RULES, ACT_SECTIONS, ELSEWHERE
from emla.writing.acts import Act
from emla.writing.answers import YES, Surroundings, form, gate, number_of, parent_of
from emla.writing.naming import Named, find
from emla.writing.questions import Kind, Option, Question
from emla.writing.script import Script
from emla.writing.situation import Situation

_STATES = frozenset(each.value for each in RequestState if each is not RequestState.SUBMITTED)
_RECIPIENT = "MessageHeader/Recipient/AuthorityId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One act that is to be written."""

    act: Act
    situation: Situation
    issued_at: datetime
    reply_to: str = ""
    """The message that it answers, where the officer names one."""
    received_at: datetime | None = None
    """When the request arrived, where that is known."""
    known: Mapping[str, str] = field(default_factory=dict)
    """More defaults: what the message that is answered says, what is known of the officer."""

    @property
    def answers_to(self) -> str:
        """The message that it answers."""
        return self.reply_to or self.act.answers(self.situation)


_AHEAD = timedelta(seconds=WIRE.clock_skew_seconds)


def dated(now: datetime, situation: Situation) -> datetime:
    """The instant of issue: now, but after what was said last.

    The order of acts counts in seconds (spec/cases 3.2). An act that follows another within one is dated a second after it; so is
    one that follows an act from a clock that is ahead, by as much as the wire allows two clocks to differ. A clock that is
    further off is left to the warning (CA-014).
    """
    now = now.replace(microsecond=0)
    newest = max((each.issued_at for each in situation.acts), default=now - _AHEAD)
    return newest + timedelta(seconds=1) if now <= newest <= now + _AHEAD else now


def script_of(task: Task, around: Surroundings) -> Script:
    """What is asked."""
    measures = _measures(task.situation)
    known: dict[str, str] = {
        "MessageHeader/RequestingReference": task.situation.requesting_reference,
        "MessageHeader/RequestedReference": task.situation.requested_reference,
        "Handling/OwnerAuthority": "",
        **{f"ReceivedByAuthority/{name}": value for name, value in around.sender.items()},
        **_instants(task),
        **_of_measures(task),
        **_of_message(task),
        **task.known,
    }
    return Script(
        sections=ACT_SECTIONS,
        rules=ACT_RULES,
        subject="this message",
        known={place: value for place, value in known.items() if value},
        choices={
            **{place: measures for place in _MEASURES if measures},
            **_choices(task),
        },
        elsewhere=ELSEWHERE,
    )


_MEASURES = (
    "MeasureId", "MeasureDecision/MeasureId", "MeasureDecision/Condition/MeasureId", "MeasureStatus/MeasureId",
    "Question/MeasureId", "MeasureContinuing", "MaterialObtained/MeasureId", "Cost/MeasureId", "MeasureResult/MeasureId",
    "EvidenceItem/MeasureId", "Condition/MeasureId",
)  # fmt: skip
"""Where a measure of the request is named."""


def _measures(situation: Situation) -> tuple[Option, ...]:
    return tuple(
        Option(code=each.measure_id, words=f"{each.kind}, {each.state}") for each in situation.measures
    )


def _instants(task: Task) -> dict[str, str]:
    now = _instant(task.issued_at)
    received = _instant(task.received_at) if task.received_at else now
    return {"ReceivedAt": received, "StoppedAt": now, "EffectiveFrom": now}


_LISTS = ("MeasureDecision", "MeasureStatus", "MeasureResult")
"""Elements of which there is one for each measure."""


def _of_measures(task: Task) -> dict[str, str]:
    """One decision, report and result for each measure that is open; the state that each has."""
    situation = task.situation
    found: dict[str, str] = {}
    concerned = situation.open_measures or situation.measures
    for name in _LISTS:
        for number, each in enumerate(situation.measures if name == "MeasureStatus" else concerned, 1):
            found |= _listed(name, number, {"MeasureId": each.measure_id})
            # What a postponed measure goes back to, the officer says.
            if name == "MeasureStatus" and each.state != task.act.if_state:
                found[f"{name}[{number}]/MeasureState"] = each.state
    if task.act.message in _ONE:
        fitting = [each for each in concerned if task.act.kind in ("", each.kind)]
        found["MeasureId"] = fitting[0].measure_id if len(fitting) == 1 else ""
    if task.act.message == "WithdrawalConfirmation":
        found["MeasureId"] = "; ".join(situation.withdrawn)
    return found


_ONE = frozenset(
    {
        "PreservationOutcome",
        "ArrestNotice",
        "SurrenderNotice",
        "ReleaseNotice",
        "JITAgreement",
        "PreservationExtension",
    }
)
"""Messages about one measure."""


def _listed(name: str, number: int, members: Mapping[str, str]) -> dict[str, str]:
    """Defaults of one element of several; Enter means that it stands there."""
    found = {f"{name}[{number}]/{member}": value for member, value in members.items()}
    return found | ({gate(f"{name}[{number}]"): YES} if number > 1 else {})


def _of_message(task: Task) -> dict[str, str]:
    """What the rest of the case says: open questions and conditions, states, items, results."""
    situation, found = task.situation, dict[str, str]()
    asked = next((each for each in situation.questions if each.message_id == task.answers_to), None)
    for number, one in enumerate(asked.open if asked else (), 1):
        found |= _listed("Answer", number, {"QuestionId": one})
    waiting = [each for each in situation.pending if each.message_id == task.answers_to]
    for number, condition in enumerate(waiting, 1):
        found |= _listed("ConditionAnswer", number, {"ConditionId": condition.local_id})
    # CL-STATUS has no SUBMITTED: who reports has received it.
    reported = {RequestState.SUBMITTED.value: "RECEIVED"}
    found["OverallStatus"] = next(
        (
            word
            for each in situation.states
            if (word := reported.get(each, each)) in _STATES - {task.act.if_state}
        ),
        "",
    )
    if situation.newest("Consultation"):
        found["ConsultationHeld/Held"] = YES
    found |= _of_items(task)
    if task.act.message == "SpontaneousInformation":
        for number, code in enumerate(situation.instruments, 1):
            found |= _listed("LegalBasis", number, {"InstrumentCode": code})
        for number, limit in enumerate(situation.limits, 1):  # conditions that were accepted go along
            found |= {gate(f"Condition[{number}]"): YES, f"Condition[{number}]/UseLimit": limit}
    if task.act.message == "ConfidentialityCannotBeKept":
        found[form("")] = "Reason" if situation.side is Side.ADDRESSEE else "ConfidentialityAnswer"
    return found


_BROUGHT_IN: Mapping[str, targets.Target] = {
    "RecallNotice": targets.given,
    "RestrictionChange": targets.restricted,
    "UseConsentDecision": targets.given,
    "RecallConfirmation": targets.taken,
    "UseConsentRequest": targets.taken,
    "ExculpatoryDisclosureNotice": targets.taken,
}
"""What an act that disposes of things is about, unless it says something else."""


_OF_OURS = frozenset({"RecallNotice", "RestrictionChange", "UseConsentDecision"})
"""Acts about what we have sent; the others of the table above are about what we hold."""


def thing_named(task: Task, said: str) -> Named:
    """What an officer means by an id of something that was sent."""
    return find(task.situation, said, _presumed(task), ours=task.act.message in _OF_OURS)


def _presumed(task: Task) -> str:
    return _BROUGHT_IN.get(task.act.message, targets.held)(task.situation)


def _of_items(task: Task) -> dict[str, str]:
    """In which message the items came that it is about, and those that are to be returned."""
    held = _presumed(task)
    found: dict[str, str] = {}
    for name in ("AffectedItem", "RecalledItem", "RecallOutcome/RecalledItem", "RestrictionRef"):
        found |= {f"{name}/InMessage": held, form(name): "ItemId"}
    found[form("RestrictionRef")] = "ConditionId"
    for number, limit in enumerate(task.situation.limits, 1):
        place = f"NewHandling/UseRestriction[{number}]"
        found |= {f"{place}/UseLimit": limit, gate(place): YES}
    for number, each in enumerate(task.situation.to_return, 1):
        members = {"InMessage": each.message_id, "|": "ItemId", "ItemId": each.local_id}
        for name, inner in (
            ("Return/ReturnedItem", "/ReturnedItemRef"),
            ("WaiverOfReturn/WaivedItemRef", ""),
        ):
            place = f"{name}[{number}]{inner}"
            found |= {
                form(place) if member == "|" else f"{place}/{member}": value
                for member, value in members.items()
            }
            if number > 1:
                found[gate(f"{name}[{number}]")] = YES
    return found


def _choices(task: Task) -> dict[str, tuple[Option, ...]]:
    situation, words = task.situation, task.situation.words
    asked = [one for each in situation.questions if each.message_id == task.answers_to for one in each.open]
    waiting = [each.local_id for each in situation.pending if each.message_id == task.answers_to]
    listed = {"Answer/QuestionId": asked, "ConditionAnswer/ConditionId": waiting}
    return {
        place: tuple(Option(code=each, words=words.get(each, "")) for each in ids)
        for place, ids in listed.items()
        if ids
    }


def first_answers(task: Task, around: Surroundings) -> dict[str, str]:
    """The answers that stand before anybody is asked."""
    found = {_RECIPIENT: task.situation.other}
    if language := around.language_for(task.situation.other):
        found["MessageHeader/Language"] = language
    for place, value in task.act.fixed.items():
        name, slash, member = place.partition("/")
        numbers = range(1, len(task.situation.measures) + 1) if slash else ()
        found |= {f"{name}[{number}]/{member}": value for number in numbers}
        if not slash:
            found[form("") if place == "|" else place] = value
    return found


def computed(task: Task, questions: list[Question], message_id: str) -> dict[str, str]:
    """What nobody is asked for, by place: the header, and ids of parts that no other message may use.

    Args:
        task: what is written.
        questions: everything that is asked.
        message_id: a new id.
    """
    update = task.act.message == "RequestUpdate"
    header = {
        "MessageId": message_id,
        "CaseId": task.situation.case_id,
        "MessageType": task.act.message,
        "Generation": str(task.situation.generation + 1 if update else task.situation.generation),
        "IssuedAt": _instant(task.issued_at),
        "InReplyTo": task.answers_to,
    }
    found = {f"MessageHeader/{name}": value for name, value in header.items()}
    return found | dict(_ids(task, questions))


def _ids(task: Task, questions: list[Question]) -> Iterator[tuple[str, str]]:
    """Ids of conditions count through the whole message, those of new measures go on after those of the request."""
    conditions = 0
    taken = {each.measure_id for each in task.situation.measures}
    for each in questions:
        if each.kind is not Kind.COMPUTED:
            continue
        if each.element == "ConditionId":
            conditions += 1
            yield each.path, f"C{conditions}"
        elif each.element in _PREFIXES:
            yield each.path, f"{_PREFIXES[each.element]}{number_of(parent_of(each.path))}"
        elif each.element == "MeasureId":
            new = next(f"M{number}" for number in range(1, 1000) if f"M{number}" not in taken)
            taken.add(new)
            yield each.path, new


_PREFIXES = {"QuestionId": "Q", "ItemId": "I"}


def manifest_of(message: str, facts: Mapping[str, str], questions: list[Question]) -> dict[str, str]:
    """The entries of the manifest for the files that go along, after those that the officer has named.

    Args:
        message: type of the message; only results have a manifest.
        facts: what the files are, by the places of their attachments.
        questions: everything that is asked.
    """
    if message != "ResultTransmission":
        return {}
    named = {
        each.path.split("/")[1]
        for each in questions
        if each.path.startswith("HashManifest/HashEntry[") and each.kind is Kind.VALUE
    }
    found = {"HashManifest": ""}
    places = sorted({parent_of(each) for each in facts}, key=number_of)
    for number, place in enumerate(places, len(named) + 1):
        for member in ("FileName", "MediaType", "SizeBytes", "Sha256"):
            found[f"HashManifest/HashEntry[{number}]/{member}"] = facts[f"{place}/{member}"]
    return found


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
