"""Acts in causal order: an act stands after what it answers, and otherwise as the signed texts say, never as they arrived.

Rules of this file:
- InReplyTo is an order that cannot be wrong. Where it does not decide, the instant of issue does, then sender and message id, all
  of them signed. Clocks of two authorities may differ; the tables are made so that no lawful act is lost by it.
- An act without InReplyTo that opens nothing stands after the openings of its case.
- Nothing here raises: messages may answer one another in a circle, or answer what is not here.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from emla.model.legal_act import LegalAct

OPENS = frozenset(
    {
        "MLARequest", "PreservationRequest", "EmergencyDisclosureRequest", "AssetRecoveryRequest", "ServiceRequest",
        "ProvisionalArrestRequest", "ExtraditionRequest", "JITProposal", "InterceptionNotification", "DraftForConsultation",
    }
)  # fmt: skip
"""Messages that begin something, whatever they answer. A SpontaneousInformation begins something when it answers nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Every act once."""

    acts: tuple[LegalAct, ...]
    """In causal order."""
    circular: tuple[LegalAct, ...]
    """Acts in a circle, or behind one."""
    doubles: tuple[LegalAct, ...]
    """Acts that bear the id of another one with other content; of each id the smallest digest counts."""


def opens(act: LegalAct) -> bool:
    """Whether an act begins something."""
    return act.message_type in OPENS or (
        act.message_type == "SpontaneousInformation" and act.in_reply_to is None
    )


def causal_order(acts: Iterable[LegalAct]) -> Ordered:
    """Put acts in order; repeats are left out."""
    by_id: dict[bytes, LegalAct] = {}
    by_digest = {(each.message_id, each.digest): each for each in acts}
    doubles = []
    for key in sorted(by_digest):
        if key[0] in by_id:
            doubles.append(by_digest[key])
        else:
            by_id[key[0]] = by_digest[key]
    openings = defaultdict(list)
    for act in by_id.values():
        if opens(act) and act.in_reply_to is None:
            openings[act.case_id].append(act.message_id)
    after: dict[bytes, list[bytes]] = defaultdict(list)
    waits: dict[bytes, int] = {}
    ready: list[tuple[datetime, str, bytes]] = []
    for act in by_id.values():
        causes = _causes(act, by_id, openings)
        waits[act.message_id] = len(causes)
        for cause in causes:
            after[cause].append(act.message_id)
        if not causes:
            ready.append(_place(act))
    heapq.heapify(ready)
    ordered = []
    while ready:
        act = by_id[heapq.heappop(ready)[2]]
        ordered.append(act)
        for next_id in after[act.message_id]:
            waits[next_id] -= 1
            if not waits[next_id]:
                heapq.heappush(ready, _place(by_id[next_id]))
    circular = sorted((by_id[each] for each, left in waits.items() if left), key=_place)
    return Ordered(acts=tuple(ordered), circular=tuple(circular), doubles=tuple(doubles))


def _causes(act: LegalAct, by_id: dict[bytes, LegalAct], openings: dict[bytes, list[bytes]]) -> list[bytes]:
    if opens(act):
        return []  # a request waits for nothing: no circle can hold it back
    if act.in_reply_to is None:
        return openings.get(act.case_id, [])
    return [act.in_reply_to] if act.in_reply_to in by_id else []


def _place(act: LegalAct) -> tuple[datetime, str, bytes]:
    return act.issued_at, act.sender, act.message_id
