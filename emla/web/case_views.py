"""What the authority API shows of cases: values -> JSON. Three layers, side by side and never mixed: what became of each package
(delivery), the request, each measure. No decisions.
"""

import hashlib
from collections import Counter

import msgspec

from emla.cases.judgement import Effect, Judgement
from emla.cases.prospects import Turn, may_say, turns
from emla.cases.standing import Inquiry, Standing
from emla.flow.dockets import Held
from emla.model.acknowledgement import Event
from emla.model.case_states import InformationState, Side
from emla.model.legal_act import Key, LegalAct, Reference
from emla.ports.cases import ActRow
from emla.ports.store import Reader
from emla.web.views import Json, instant


def case(held: Held, own: str, read: Reader) -> Json:
    """A case whole."""
    judged = [each for each in held.docket.judgements if each.act.case_id == held.case_id]
    return {
        "case_id": held.case_id.hex(),
        "etag": held.tag,
        "whole": held.whole,
        "related": related(held),
        "standings": [_standing(each, held, own) for each in held.docket.of_case(held.case_id)],
        "acts": [_act(each, held, read) for each in judged],
    }


def line(held: Held, own: str, at: int) -> Json:
    """A case in a list: of each thing that was begun in it where it stands, and whose turn it is."""
    return {
        "case_id": held.case_id.hex(),
        "etag": held.tag,
        "last_at": instant(at),
        "acts": len(held.own),
        "standings": [_brief(each, own) for each in held.docket.of_case(held.case_id)],
        "waiting": sum(
            each.effect is Effect.WAITING
            for each in held.docket.judgements
            if each.act.case_id == held.case_id
        ),
    }


def is_wanted(line: Json, *, state: str | None, ours: bool) -> bool:
    """Whether a line of the list is one that was asked for."""
    standings = line["standings"]
    assert isinstance(standings, list)
    return (state is None or any(state in each["states"] for each in standings)) and (
        not ours or any(turn["ours"] for each in standings for turn in each["turns"])
    )


def view_of(body: Json) -> str:
    """What tells one view of a case from the next, deliveries included: 32 hexadecimal digits."""
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:32]


def timeline(held: Held, read: Reader) -> Json:
    """Everything that happened, oldest first: acts by the instant at which they were signed, deliveries by that of each proof."""
    entries: list[tuple[str, int, Json]] = []
    for place, judgement in enumerate(held.docket.judgements):
        act = judgement.act
        if act.case_id != held.case_id:
            continue
        said: Json = {"layer": "act", "at": _iso(act), "moves": moves(judgement), **_name(act)}
        said["effect"] = judgement.effect.value
        entries.append((_iso(act), 2 * place, said))
        row = held.package_of(act)
        for proof in read.acknowledgements(row.pid) if row else ():
            at = instant(proof.at) or ""
            entries.append(
                (
                    at,
                    2 * place + 1,
                    {
                        "layer": "delivery",
                        "at": at,
                        "event": proof.event.value,
                        "by": proof.by,
                        "reason": proof.reason,
                        **_name(act),
                    },
                )
            )
    entries.sort(key=lambda each: each[:2])
    return {"case_id": held.case_id.hex(), "etag": held.tag, "items": [each for _, _, each in entries]}


def _name(act: LegalAct) -> Json:
    return {"sender": act.sender, "message_id": act.message_id.hex(), "message_type": act.message_type}


def _iso(act: LegalAct) -> str:
    return instant(act.issued_at.timestamp()) or ""


def related(held: Held) -> list[Json]:
    """The cases that a case names, and those that name it."""
    named = {
        (other, relation)
        for act in held.acts
        for other, relation in act.relates_to
        if act.case_id == held.case_id
    }
    naming = {
        (act.case_id, relation)
        for act in held.acts
        for other, relation in act.relates_to
        if other == held.case_id
    }
    return [
        *({"case_id": other.hex(), "relation": relation, "named": True} for other, relation in sorted(named)),
        *(
            {"case_id": other.hex(), "relation": relation, "named": False}
            for other, relation in sorted(naming)
        ),
    ]


def _brief(standing: Standing, own: str) -> Json:
    side = standing.side_of(own)
    return {
        "opening": _opening(standing),
        "opener": standing.opening.sender,
        "addressees": sorted(standing.addressees),
        "own_side": side.value if side else "none",
        "requesting_reference": standing.opening.requesting_reference,
        "requested_reference": standing.reference,
        "states": list(standing.states),
        "request": standing.request.value if standing.request else None,
        "measures": dict(Counter(each.state.value for each in standing.measures.values())),
        "turns": [_turn(each, side) for each in turns(standing)],
    }


def _opening(standing: Standing) -> Json:
    act = standing.opening
    return {**_name(act), "issued_at": _iso(act)}


def _turn(turn: Turn, side: Side | None) -> Json:
    return {
        "side": turn.side.value,
        "ours": side is not None and turn.side in (side, Side.EITHER),
        "what": turn.what,
        "source": turn.source,
        "due_on": turn.due_on.isoformat() if turn.due_on else None,
    }


def _standing(standing: Standing, held: Held, own: str) -> Json:
    side = standing.side_of(own)
    extradition = standing.extradition
    return {
        **_brief(standing, own),
        "measures": [
            {"id": key, "type": each.kind, "state": each.state.value, "crossing": each.crossing}
            for key, each in standing.measures.items()
        ],
        "asked": [{"id": each.measure_id, "type": each.kind} for each in standing.opening.asked],
        "instruments": list(standing.instruments),
        "preservation": standing.preservation.value if standing.preservation else None,
        "preserved_until": standing.preserved_until.isoformat() if standing.preserved_until else None,
        "extradition": extradition.state.value if extradition else None,
        "information": standing.information.value if standing.information else None,
        "generation": standing.generation,
        "inquiries": [_inquiry(each, held) for each in standing.inquiries],
        "conditions_pending": _pending(standing),
        "results": [
            {"message_id": each.message_id.hex(), "final": each.final, "verified": each.verified}
            for each in standing.results
        ],
        "withdrawals": [
            {"message_id": each.message_id.hex(), "unconfirmed": sorted(each.unconfirmed)}
            for each in standing.withdrawals
        ],
        "talks": [
            {"messages": sorted(each.hex() for each in talk.messages), "closed": talk.closed}
            for talk in standing.talks
        ],
        "to_return": [_reference(each) for each in sorted(standing.to_return, key=_order)],
        "use_limits": sorted(standing.limits),
        "consented": sorted(standing.consented),
        "owner": standing.owner,
        "unusable": sorted(each.hex() for each in standing.unusable),
        "proposed": standing.proposed.hex() if standing.proposed else None,
        "closed": standing.closed,
        "may_say": list(may_say(standing, side)) if side else [],
    }


def _pending(standing: Standing) -> list[Json]:
    """Conditions that wait for an answer: of measures, and of information that is offered with them."""
    of_measures: list[Json] = [
        {**_reference(pending), "measure": key}
        for key, each in standing.measures.items()
        for pending in sorted(each.pending - each.agreed, key=_order)
    ]
    offered = standing.information is InformationState.OFFERED_WITH_CONDITIONS
    of_offer = sorted(standing.conditions, key=_order) if offered else []
    return [*of_measures, *({**_reference(each), "measure": None} for each in of_offer)]


def _inquiry(inquiry: Inquiry, held: Held) -> Json:
    asked = held.docket.by_id.get(inquiry.message_id, ())
    return {
        "message_id": inquiry.message_id.hex(),
        "sender": asked[0].sender if asked else None,
        "questions": [
            {"id": each, "mandatory": inquiry.mandatory, "open": each in inquiry.unanswered}
            for each in inquiry.questions
        ],
        "due_on": inquiry.due_on.isoformat() if inquiry.due_on else None,
    }


def _order(reference: Reference) -> tuple[bytes, str]:
    return reference.message_id, reference.local_id


def _reference(reference: Reference) -> Json:
    return {"message_id": reference.message_id.hex(), "local_id": reference.local_id}


def _act(judgement: Judgement, held: Held, read: Reader) -> Json:
    act, row = judgement.act, held.package_of(judgement.act)
    return {
        **_name(act),
        "issued_at": _iso(act),
        "recipient": act.recipient,
        "in_reply_to": act.in_reply_to.hex() if act.in_reply_to else None,
        "request": _key(judgement.request),
        "effect": judgement.effect.value,
        "missing": judgement.missing.hex() if judgement.missing else None,
        "moves": moves(judgement),
        "objections": [
            {
                "rule": each.rule,
                "sentence": each.sentence,
                "source": each.source,
                "remedy": each.remedy,
                "measure": each.measure,
            }
            for each in judgement.objections
        ],
        "pid": row.pid.hex() if row else None,
        "direction": ("received" if row.incoming else "sent") if row else None,
        "delivery": _delivery(row, read) if row else None,
    }


def _key(key: Key | None) -> Json | None:
    return {"sender": key[0], "message_id": key[1].hex()} if key else None


def moves(judgement: Judgement) -> list[Json]:
    """What an act changes."""
    return [
        {
            "machine": each.machine,
            "subject": each.subject,
            "before": each.before.value if each.before else None,
            "after": each.after.value,
        }
        for each in judgement.moves
    ]


_SHOWN = (
    Event.CONTENT_HANDOVER,
    Event.CONTENT_CONSIGNMENT_FAILURE,
    Event.CONTENT_CONSIGNMENT,
    Event.RELAY_FAILURE,
    Event.RELAY_REJECTION,
    Event.RELAY_ACCEPTANCE,
    Event.SUBMISSION_ACCEPTANCE,
)
"""What is said of a delivery: the furthest of what happened."""


def _delivery(row: ActRow, read: Reader) -> Json:
    """What the transport did with the package of an act; never a state of the request."""
    listed = read.listed(row.pid)
    at = {each.event: each.at for each in read.acknowledgements(row.pid)}
    furthest = next((each for each in _SHOWN if each in at), None)
    return {
        "state": listed.state if listed else None,
        "event": furthest.value if furthest else None,
        "at": instant(at[furthest]) if furthest else None,
        "code": listed.code if listed else None,
    }
