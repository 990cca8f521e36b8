"""Acts in causal order: an act stands after what it answers, and otherwise as the signed texts say, never as they arrived.

Source: docs/spec/cases.md 1-3.

Rules of this file:
- InReplyTo is an order that cannot be wrong. Where it does not decide, the instant of issue does, then sender and message id, all
  of them signed. Clocks of two authorities may differ; the tables are made so that no lawful act is lost by it.
- An act without InReplyTo that opens nothing stands after the openings of its case between the same two States.
- A message of a third State displaces nothing: an id is looked for among the messages of the two States first. So who holds
  such a message and who does not have the same case.
- Nothing here raises: messages may answer one another in a circle, or answer what is not here.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from emla.model.legal_act import Key, LegalAct, state_of

OPENS = frozenset(
    {
        "MLARequest", "PreservationRequest", "EmergencyDisclosureRequest", "AssetRecoveryRequest", "ServiceRequest",
        "ProvisionalArrestRequest", "ExtraditionRequest", "JITProposal", "InterceptionNotification", "DraftForConsultation",
    }
)  # fmt: skip
"""Messages that begin something, whatever they answer. A SpontaneousInformation begins something when it answers nothing."""

_Group = tuple[bytes, frozenset[str]]
"""A case between two States."""
_Node = Key | _Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Every act once."""

    acts: tuple[LegalAct, ...]
    """In causal order."""
    circular: tuple[LegalAct, ...]
    """Acts in a circle, or behind one."""
    doubles: tuple[LegalAct, ...]
    """Acts that bear the id of another one of the same sender with other content; the smallest digest counts."""
    by_id: Mapping[bytes, tuple[LegalAct, ...]]
    """Those of the first two by message id: one for each sender."""


def opens(act: LegalAct) -> bool:
    """Whether an act begins something."""
    return act.message_type in OPENS or (
        act.message_type == "SpontaneousInformation" and act.in_reply_to is None
    )


def answered_by(act: LegalAct, by_id: Mapping[bytes, tuple[LegalAct, ...]]) -> LegalAct | None:
    """The message that an act answers; None where it is not here."""
    named = by_id.get(act.in_reply_to or b"", ())
    own = [each for each in named if state_of(each.sender) in act.between]
    return min(own or named, key=lambda each: (each.sender, each.digest), default=None)


def causal_order(acts: Iterable[LegalAct]) -> Ordered:
    """Put acts in order; repeats are left out."""
    by_digest = {(each.key, each.digest): each for each in acts}
    by_key: dict[Key, LegalAct] = {}
    by_id: dict[bytes, tuple[LegalAct, ...]] = {}
    doubles = []
    for key, digest in sorted(by_digest):
        act = by_digest[key, digest]
        if key in by_key:
            doubles.append(act)
        else:
            by_key[key] = act
            by_id[act.message_id] = (*by_id.get(act.message_id, ()), act)
    after, waits = _edges(by_key, by_id)
    ordered = _sorted(by_key, after, waits)
    circular = sorted((act for key, act in by_key.items() if waits[key]), key=_place)
    return Ordered(acts=tuple(ordered), circular=tuple(circular), doubles=tuple(doubles), by_id=by_id)


def _edges(
    by_key: Mapping[Key, LegalAct], by_id: Mapping[bytes, tuple[LegalAct, ...]]
) -> tuple[Mapping[_Node, list[_Node]], dict[_Node, int]]:
    """What comes after what, and on how many each thing waits. A group waits for the openings in it."""
    after: dict[_Node, list[_Node]] = defaultdict(list)
    waits: dict[_Node, int] = defaultdict(int)

    def put(first: _Node, then: _Node) -> None:
        after[first].append(then)
        waits[then] += 1

    for key, act in by_key.items():
        waits[key] += 0
        group = (act.case_id, act.between)
        if opens(act):  # a request waits for nothing: no circle can hold it back
            put(key, group)
        elif act.in_reply_to is None:
            put(group, key)
        else:
            answered = answered_by(act, by_id)
            if answered is not None:
                put(answered.key, key)
    for node in [each for each in after if each not in waits]:  # a group in which nothing opens
        waits[node] = 0
    return after, waits


def _sorted(
    by_key: Mapping[Key, LegalAct], after: Mapping[_Node, list[_Node]], waits: dict[_Node, int]
) -> list[LegalAct]:
    acts: dict[_Node, LegalAct] = {key: act for key, act in by_key.items()}  # noqa: C416  # its keys are wider
    ready: list[tuple[datetime, str, bytes]] = []
    ordered: list[LegalAct] = []
    free = [each for each, count in waits.items() if not count]
    while free or ready:
        for node in free:
            if node in acts:
                heapq.heappush(ready, _place(acts[node]))
        free = [then for each in free if each not in acts for then in _released(each, after, waits)]
        if not free and ready:
            act = acts[heapq.heappop(ready)[1:]]
            ordered.append(act)
            free = _released(act.key, after, waits)
    return ordered


def _released(node: _Node, after: Mapping[_Node, list[_Node]], waits: dict[_Node, int]) -> list[_Node]:
    """What waited for this alone."""
    released = []
    for then in after.get(node, ()):
        waits[then] -= 1
        if not waits[then]:
            released.append(then)
    return released


def _place(act: LegalAct) -> tuple[datetime, str, bytes]:
    return act.issued_at, act.sender, act.message_id
