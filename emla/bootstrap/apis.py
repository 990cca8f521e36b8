"""What a gateway listens with, put together: for peers, for its own people, for who operates it."""

from dataclasses import dataclass

from emla.bootstrap.line import Line
from emla.bootstrap.parts import Parts
from emla.bootstrap.schema_folder import schema_folder
from emla.bootstrap.status import Status, figures, readiness
from emla.bootstrap.told import events_api, webhooks_api
from emla.flow.accesses.ask import AskAccesses
from emla.flow.accesses.give import GiveAccesses
from emla.flow.acts import Effect
from emla.flow.documents.changes import Changes
from emla.flow.documents.peers import ForgetPeer, ImportPeer
from emla.flow.documents.profile import ChangeProfile
from emla.flow.drafts.alone import SentAlone
from emla.flow.drafts.dictate import Dictate
from emla.flow.drafts.erasures import OrderErasure
from emla.flow.erasure.hold import HoldCase
from emla.flow.gateway import Gateway
from emla.flow.holdings import Holdings
from emla.flow.line.accept import Accept
from emla.flow.line.hand_over import HandOver
from emla.flow.line.legs import CloseLeg, Legs
from emla.flow.line.quarantine import ClosePackage, Quarantine
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.people.people import People
from emla.flow.people.reads import Reads
from emla.flow.people.sight import Sight
from emla.flow.people.tokens import Tokens
from emla.flow.record_backup import RecordBackup
from emla.flow.statistics import CountCases
from emla.model.act import ActKind
from emla.sandbox.scribe import ScribeProcess
from emla.transport.accesses import HttpsAccessLine
from emla.web.accesses_api import AccessesApi
from emla.web.acts_api import ActsApi
from emla.web.authority_api import AuthorityApi
from emla.web.backups_api import BackupsApi
from emla.web.cases_api import CasesApi
from emla.web.connections import Connections
from emla.web.drafts_api import DraftsApi
from emla.web.erasure_api import ErasureApi
from emla.web.guard import Guard
from emla.web.incoming import Incoming
from emla.web.keys_api import KeysApi
from emla.web.ledger_api import LedgerApi
from emla.web.legs_api import LegsApi
from emla.web.operations import OperationsApi
from emla.web.peer_accesses import PeerAccesses
from emla.web.peer_api import PeerApi
from emla.web.peers_api import PeersApi
from emla.web.people_api import PeopleApi
from emla.web.profile_api import ProfileApi
from emla.web.quarantine_api import QuarantineApi
from emla.web.rights import Rights
from emla.web.statistics_api import StatisticsApi


@dataclass(slots=True, kw_only=True)
class Apis:
    """What listens."""

    peer: PeerApi
    authority: AuthorityApi
    operations: OperationsApi
    guard: Guard


def apis_of(parts: Parts, line: Line) -> Apis:
    """Put together what answers calls."""
    gateway, news, relay, ping = parts.gateway, line.news, line.relay, line.ping
    dockets = line.dockets
    tokens, sight, reads = Tokens(gateway), Sight(gateway), Reads(gateway)
    rights = Rights(tokens)
    erasure = ErasureApi(gateway, OrderErasure(gateway, line.erase), HoldCase(gateway))
    scribe = ScribeProcess(schemas=schema_folder(), settings=gateway.settings.opener)
    acts = ActsApi(gateway, Dictate(gateway, scribe, dockets, line.submit, line.drafts), reads)
    guard = Guard(Connections(gateway.settings.limits), lambda: parts.store.waiting)
    status = Status(gateway, parts.store, parts.blobs, parts.opener, parts.clerk, line.take.figures)
    status.collect = line.collect
    status.reminders = line.reminders
    status.scans = line.scans
    status.feed = line.feed
    status.tell = line.tell
    hand_over = HandOver(gateway, news, relay.add, Holdings(gateway, dockets), line.scans)
    operations = OperationsApi(
        readiness(gateway, parts.opener, parts.clerk, parts.failure.future), figures(status, guard)
    )
    status.watch(operations)

    def contact(peer: str) -> None:
        guard.contact(peer)
        line.contact(peer)

    return Apis(
        peer=PeerApi(
            gateway,
            Incoming(
                gateway,
                guard,
                package=Accept(gateway, line.opening.add, contact),
                acknowledgement=ReceiveAcknowledgement(gateway, news, contact),
            ),
            ping,
            relay,
            line.take,
            guard,
            line.channels.api(line.opening.add, guard),
            PeerAccesses(gateway, guard, GiveAccesses(gateway, parts.listings, dockets)),
        ),
        authority=AuthorityApi(
            gateway,
            listings=parts.listings,
            submit=line.submit,
            hand_over=hand_over,
            peers=PeersApi(
                gateway,
                listings=parts.listings,
                import_peer=ImportPeer(gateway),
                ping=ping,
                forget=ForgetPeer(gateway),
                contact=relay.contact,
            ),
            relay=relay,
            news=news,
            status=status,
            keys=KeysApi(
                gateway, Changes(gateway, line.own, parts.keys, _effects(gateway, line)), parts.keys
            ),
            legs=LegsApi(gateway, parts.listings, Legs(gateway, relay, line.ways)),
            quarantine=Quarantine(gateway, line.opening.add),
            ledger=LedgerApi(gateway, line.channels.watch),
            backups=BackupsApi(RecordBackup(gateway)),
            cases=CasesApi(
                gateway,
                parts.listings,
                dockets,
                news,
                line.clocks,
                sight,
                reads,
                erasure,
                acts,
                _accesses(parts, line),
            ),
            statistics=StatisticsApi(CountCases(gateway, dockets)),
            profile=ProfileApi(ChangeProfile(gateway, line.own, parts.keys)),
            people=PeopleApi(gateway, People(gateway), tokens, reads),
            drafts=DraftsApi(gateway, line.drafts, SentAlone(gateway), dockets),
            events=events_api(gateway, line.feed, sight, rights),
            webhooks=webhooks_api(gateway, line.feed, line.tell),
            rights=rights,
            sight=sight,
            waiting=QuarantineApi(
                gateway, listings=parts.listings, hand_over=hand_over, scans=line.scans, sight=sight
            ),
        ),
        operations=operations,
        guard=guard,
    )


def _accesses(parts: Parts, line: Line) -> AccessesApi:
    gateway = parts.gateway
    transport = HttpsAccessLine(parts.transport, gateway.identity.id, gateway.sign_call)
    return AccessesApi(AskAccesses(gateway, transport, line.dockets))


def _effects(gateway: Gateway, line: Line) -> dict[ActKind, Effect]:
    """What acts of two officers do."""
    return {
        ActKind.LEG_CLOSE: CloseLeg(gateway, line.relay, line.news),
        ActKind.PACKAGE_CLOSE: ClosePackage(gateway, line.news),
    }
