"""onward: a message that is not sent yet -> what is to be said of files in it that came from somebody else.

A file is known again by its hash, under the key of this authority: whoever renames it passes on the same file, whoever changes
a byte of it another one. Where the owner said who may have it, its word is final; where it said nothing, an officer may know
that the file is nobody's secret, and gives that as the reason, which the ledger keeps.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from emla.cases.holdings import Holding, Thing, holdings
from emla.cases.judgement import LABEL_LEFT, NOT_ONWARD, NOT_SAID, Ground
from emla.cases.onward import Passing, Receiver, passing
from emla.flow.dockets import Dockets, Held
from emla.flow.gateway import Gateway
from emla.formats.act_at_rest import file_tag
from emla.formats.at_rest import open_record
from emla.formats.manifest import decode as decode_manifest
from emla.model.findings import Finding, Severity
from emla.model.legal_act import LegalAct
from emla.model.restriction import Label

CASES_MAX = 32
"""So many cases are looked at in which one file came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A file of somebody else's that goes on with a message: the package that brought it, its part, and to whom it goes."""

    pid: bytes
    part: int
    to: str


async def onward(
    gateway: Gateway, dockets: Dockets, act: LegalAct
) -> tuple[tuple[Held, ...], tuple[Finding, ...], tuple[Passed, ...]]:
    """Compare the files of a message with what is held of others.

    Returns:
        The cases that were looked at; what was found, fatal where the owner forbids it or its label is left out; and what
        would be passed on.
    """
    hashes = tuple(dict.fromkeys(each.sha256 for each in act.files))
    key, read = gateway.identity.content_key, gateway.store.read
    cases = dict.fromkeys(
        case_id for sha256 in hashes for case_id in read.cases_holding(file_tag(sha256, key), CASES_MAX)
    )
    if not cases:
        return (), (), ()
    looked = tuple([await dockets.of(case_id) for case_id in cases])
    at = datetime.fromtimestamp(gateway.now(), UTC)
    receivers = tuple(_receiver(gateway, each) for each in dict.fromkeys((act.recipient, *act.copies)))
    own = gateway.identity.id

    def found() -> tuple[Finding, ...]:
        said = dict.fromkeys(
            finding
            for held in looked
            for holding in holdings(held.docket)
            for sha256 in hashes
            for thing in holding.files_of(sha256)
            for finding in _findings(holding, thing, receivers, act.label or Label(), own, at)
        )
        return tuple(said)

    return looked, await asyncio.to_thread(found), _passed(gateway, looked, act, hashes)


def _passed(
    gateway: Gateway, looked: tuple[Held, ...], act: LegalAct, hashes: tuple[bytes, ...]
) -> tuple[Passed, ...]:
    """What goes on to somebody who is neither its owner nor who sent it here."""
    own, found = gateway.identity.id, dict[Passed, None]()
    for held in looked:
        for holding in holdings(held.docket):
            things = [sha256 for sha256 in hashes if holding.files_of(sha256)]
            brought = held.package_of(holding.act)
            strangers = own != holding.owner and act.recipient not in (holding.owner, holding.act.sender)
            if not things or brought is None or not strangers or own != holding.holder:
                continue
            for sha256, number in _numbers(gateway, brought.pid).items():
                if sha256 in things:
                    found[Passed(pid=brought.pid, part=number, to=act.recipient)] = None
    return tuple(found)


def _numbers(gateway: Gateway, pid: bytes) -> dict[bytes, int]:
    """The parts of a package by their hashes."""
    sealed = gateway.store.read.record(pid)
    record = open_record(sealed, content_key=gateway.identity.content_key, pid=pid) if sealed else None
    parts = decode_manifest(record.manifest).parts if record else ()
    return {part.sha256: number for number, part in enumerate(parts)}


def _receiver(gateway: Gateway, authority: str) -> Receiver:
    known = gateway.directory.find(authority)
    names = {name.casefold() for _, name in known.profile.names} if known else set()
    return Receiver(authority=authority, names=frozenset(names | {authority}))


def _findings(
    holding: Holding, thing: Thing, receivers: tuple[Receiver, ...], carried: Label, own: str, at: datetime
) -> Iterator[Finding]:
    for to in receivers:
        stopped = passing(holding, thing, to, carried, own, at)
        if stopped is not None:
            yield _finding(holding, thing, to, stopped)


def _finding(holding: Holding, thing: Thing, to: Receiver, stopped: Passing) -> Finding:
    ground = _ground(stopped)
    objection = ground.objection(
        thing=f"The file {thing.local_id}" if thing.local_id else "The message",
        sender=holding.act.sender,
        owner=holding.owner,
        to=to.authority,
        why=stopped.sentence,
        left_out="; ".join(stopped.left_out) + ".",
    )
    return Finding(
        rule=objection.rule,
        severity=Severity.ERROR if ground is NOT_SAID else Severity.FATAL,
        message=objection.sentence,
        source=objection.source,
        remedy=objection.remedy,
    )


def _ground(stopped: Passing) -> Ground:
    if stopped.left_out:
        return LABEL_LEFT
    return NOT_SAID if stopped.unsaid else NOT_ONWARD
