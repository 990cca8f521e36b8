"""give: a verified question of an owner's -> our signed report of who read what we hold of it. By itself; no officer is asked.

What is said comes from the ledger alone: each read of a part, each look at a case and each file that is passed on stands there
before the bytes go out, filed under its package (`flow.events`). A view; nothing is stored for it.

Rules of this file:
- For the owner of something in the case, or who sent it; everybody else hears what is heard of a case that is not there.
- A person is a role, unless our setting says that names are given.
- A report speaks of one epoch from a leaf on, and leaves nothing out in between: what is missing in it was not recorded.
"""

from dataclasses import dataclass, replace

from emla.cases.holdings import holdings
from emla.flow.dockets import Dockets
from emla.flow.events import CONTENT_PASSED, CONTENT_READ
from emla.flow.gateway import Gateway
from emla.flow.pace import Pace
from emla.formats import access_report as form
from emla.formats.event import RecordedEvent
from emla.formats.event import decode as decode_event
from emla.formats.strict_json import check_line
from emla.ledger import checkpoint as checkpoint_form
from emla.model.access import ACCESSES_MAX, Access, AccessKind, AccessReport, LedgerPlace
from emla.model.errors import MalformedError, NotFoundError, TransportError
from emla.model.signed import PayloadType
from emla.ports.accesses import AccessLeaves, FiledLeaf
from emla.ports.happenings import Extent

REPORTS_PER_MINUTE = 60
"""To one asker: 12,000 accesses. A report costs some milliseconds of another thread."""


@dataclass(frozen=True, slots=True)
class _Epoch:
    """An epoch of our ledger: its number, and how many leaves it has."""

    number: int
    size: int


class GiveAccesses:
    """The holder's side."""

    def __init__(self, gateway: Gateway, leaves: AccessLeaves, dockets: Dockets) -> None:
        self._gateway = gateway
        self._leaves = leaves
        self._dockets = dockets
        self._pace = Pace(REPORTS_PER_MINUTE, gateway.clock.steady)

    async def __call__(self, asker: str, case_id: bytes, place: LedgerPlace) -> bytes:
        """Report to an owner.

        Args:
            asker: the authority whose signature is under the question.
            case_id: the case.
            place: from where on in our ledger.

        Returns:
            The signed report.

        Raises:
            NotFoundError: ``not-found``: nothing of the asker's is held in such a case; ``place-unknown``.
            TransportError: ``quota``: too many questions; ``busy``: our ledger began another epoch at this moment.
            ConfigurationError: ``token-unavailable``.
        """
        if not self._pace.take(asker):
            raise TransportError("quota", f"{asker} asks more than {REPORTS_PER_MINUTE} times a minute.")
        pids = await self._pids(asker, case_id)
        if not pids:
            raise NotFoundError("not-found", "Nothing of the asker's is held in such a case.")
        extent = await self._leaves.extent()
        first, epoch, following = _begun(place, extent)
        found = await self._leaves.filed(case_id, first, epoch.size, ACCESSES_MAX + 1)
        end = epoch.size
        if len(found) > ACCESSES_MAX:
            end = found[ACCESSES_MAX].index
            found, following = found[:ACCESSES_MAX], LedgerPlace(epoch=epoch.number, index=end)
        report = AccessReport(
            sender=self._gateway.identity.id,
            recipient=asker,
            at=self._gateway.now(),
            case_id=case_id,
            first=first,
            end=end,
            following=following,
            accesses=tuple(each for leaf in found if (each := self._access(leaf, case_id, pids)) is not None),
            checkpoint=await self._checkpoint(epoch),
        )
        return await self._gateway.sign(PayloadType.ACCESSES, form.encode(report))

    async def _pids(self, asker: str, case_id: bytes) -> frozenset[bytes]:
        """The packages of a case in which something is the asker's: it sent them, or is named as the owner."""
        own = self._gateway.identity.id
        if asker == own:
            return frozenset()
        held = await self._dockets.of(case_id)
        named = {
            row.pid
            for each in holdings(held.docket)
            if each.act.case_id == case_id and each.holder == own and each.owner == asker
            if (row := held.package_of(each.act)) is not None
        }
        return frozenset(named.union(await self._leaves.packages_from(case_id, asker)))

    async def _checkpoint(self, epoch: _Epoch) -> bytes:
        note = await self._leaves.checkpoint_of(epoch.number)
        if note is not None:
            found = checkpoint_form.decode(note).checkpoint
            if found.origin.rpartition("/")[2] == str(epoch.number) and found.size >= epoch.size:
                return note
        raise TransportError("busy", "The ledger began another epoch at this moment.")

    # --- a leaf -> what is said of it ---

    def _access(self, leaf: FiledLeaf, case_id: bytes, pids: frozenset[bytes]) -> Access | None:
        """What is said of a leaf; None where it is not about something of the asker's, or was erased."""
        try:
            said = decode_event(leaf.body)
            access = _ACCESSES[said.kind](leaf, said)
        except (MalformedError, KeyError, ValueError):
            return None
        if access.kind is AccessKind.CASE:
            if said.facts["id"] != case_id.hex():
                return None
        elif access.pid not in pids:
            return None
        return replace(access, person=self._person(said)) if access.role else access

    def _person(self, said: RecordedEvent) -> str:
        if not self._gateway.settings.cases.names_in_access_reports:
            return ""
        known = self._gateway.store.read.person(str(said.facts["person"]))
        name = known.full_name[: form.PERSON_CHARACTERS_MAX] if known else ""
        try:
            check_line("name", name)
        except MalformedError:
            return ""
        return name


def _begun(place: LedgerPlace, extent: Extent) -> tuple[LedgerPlace, _Epoch, LedgerPlace | None]:
    """Where a report begins, in which epoch, and where the next one does after all of that epoch.

    Raises:
        NotFoundError: ``place-unknown``: our ledger has no such place.
    """
    sizes = dict(extent.former) | ({extent.epoch: extent.size} if extent.epoch is not None else {})
    epochs = [_Epoch(number, sizes[number]) for number in sorted(sizes) if number >= place.epoch]
    if not epochs or (place.epoch == epochs[0].number and place.index > epochs[0].size):
        raise NotFoundError("place-unknown", "The ledger has no such place.")
    begun = epochs[0]
    index = place.index if place.epoch == begun.number else 0
    following = LedgerPlace(epoch=epochs[1].number, index=0) if len(epochs) > 1 else None
    return LedgerPlace(epoch=begun.number, index=index), begun, following


def _read(leaf: FiledLeaf, said: RecordedEvent) -> Access:
    facts = said.facts
    is_part = facts["what"] == "part"
    if not is_part and facts["what"] != "case":
        raise KeyError(facts["what"])
    return Access(
        kind=AccessKind.PART if is_part else AccessKind.CASE,
        at=said.at,
        leaf=leaf.index,
        digest=leaf.digest,
        pid=bytes.fromhex(str(facts["id"])) if is_part else None,
        part=int(facts["part"]) if is_part else None,
        role=str(facts["role"]),
    )


def _passed(leaf: FiledLeaf, said: RecordedEvent) -> Access:
    return Access(
        kind=AccessKind.PASSED,
        at=said.at,
        leaf=leaf.index,
        digest=leaf.digest,
        pid=bytes.fromhex(str(said.facts["id"])),
        part=int(said.facts["part"]),
        to=str(said.facts["to"]),
    )


_ACCESSES = {CONTENT_READ: _read, CONTENT_PASSED: _passed}
"""Kinds of events that are accesses."""
