"""What the authority API shows of what messages have brought: owner, label in force, recalls. Values -> JSON, no decisions."""

from collections.abc import Sequence
from datetime import date, datetime

from emla.cases.holdings import Holding, Thing, holdings
from emla.cases.onward import bar
from emla.flow.dockets import Held
from emla.model.legal_act import LegalAct
from emla.model.package import Part
from emla.model.restriction import Label
from emla.web.views import Json, instant


def of_case(held: Held, own: str, at: datetime, *, on_hold: bool) -> list[Json]:
    """Everything that the messages of a case have brought, in the order of its acts."""
    found = (each for each in holdings(held.docket) if each.act.case_id == held.case_id)
    return [holding(each, own, at, on_hold=on_hold) for each in found]


def holding(shown: Holding, own: str, at: datetime, parts: Sequence[Part] = (), *, on_hold: bool) -> Json:
    """What one message has brought; with the parts of its package each thing says which one it is."""
    act = shown.act
    numbers = {part.sha256: number for number, part in enumerate(parts)}
    return {
        "sender": act.sender,
        "message_id": act.message_id.hex(),
        "message_type": act.message_type,
        "owner": shown.owner,
        "holder": shown.holder,
        "binds_us": own == shown.holder and own != shown.owner,
        "things": [
            {**_thing(shown, each, own, at, on_hold=on_hold), "part": numbers.get(each.sha256)}
            for each in shown.things
        ],
    }


def _thing(shown: Holding, thing: Thing, own: str, at: datetime, *, on_hold: bool) -> Json:
    barred = bar(shown, thing, own, at, on_hold=on_hold)
    recall = thing.recall
    return {
        "id": thing.local_id,
        "kind": thing.kind,
        "label": label(shown.label(thing, at)),
        "restricted": [_change(each) for each in thing.changes],
        "recalled": None
        if recall is None
        else {
            "by": recall.notice.sender,
            "message_id": recall.notice.message_id.hex(),
            "at": _at(recall.notice),
            "reason": recall.notice.code,
            "action": recall.notice.disposition,
            "due_on": _day(recall.notice.due_on),
            "result": recall.result or None,
        },
        "consents": [
            {
                "message_id": each.decision.message_id.hex(),
                "decision": each.decision.code,
                "until": _day(each.decision.last_on),
                "recipients": list(each.asked.recipients) if each.asked else [],
                "holds": each.holds(at.date()),
            }
            for each in thing.consents
        ],
        "disclosed": [
            {"message_id": each.message_id.hex(), "on": _day(each.last_on)} for each in thing.disclosures
        ],
        "barred": None if barred is None else {"code": barred.code, "detail": barred.detail},
    }


def _change(act: LegalAct) -> Json:
    since = act.effective_from or act.issued_at
    return {"by": act.sender, "message_id": act.message_id.hex(), "since": instant(since.timestamp())}


def label(shown: Label) -> Json:
    """A label."""
    return {
        "level": shown.level,
        "confidential": shown.confidential,
        "limits": [
            {"limit": each.limit, "id": each.restriction_id, "until": _day(each.until)}
            for each in shown.limits
        ],
        "onward": shown.passes,
        "releasable_to": [*shown.releasable_to, *shown.releasable_to_countries],
        "not_releasable_to": list(shown.not_releasable_to),
        "sealed_from_subject": shown.sealed,
        "sealed_until": _day(shown.sealed_until),
        "undisclosed_until": _day(shown.undisclosed_until),
        "kept_until": _day(shown.kept_until),
        "review_on": _day(shown.review_on),
        "disposition": shown.disposition or None,
        "sensitive": list(shown.sensitive),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _at(act: LegalAct) -> str | None:
    return instant(act.issued_at.timestamp())
