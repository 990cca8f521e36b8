"""What a running gateway knows about itself: status, readiness, figures."""

import asyncio
import resource
from collections.abc import Callable

from emla.bootstrap.case_figures import case_figures
from emla.bootstrap.guard_figures import guard_figures
from emla.bootstrap.scan_figures import scan_figures
from emla.bootstrap.webhook_figures import webhook_figures
from emla.flow.documents.key_life import documents_ending, keys_ending
from emla.flow.documents.take_documents import DocumentFigures
from emla.flow.gateway import Gateway, Peer
from emla.flow.happenings.feed import Feed
from emla.flow.happenings.tell import Tell
from emla.flow.line.gate import is_open
from emla.flow.line.scan import Scans
from emla.flow.member.collect import CollectFigures
from emla.flow.member.mailboxes import Collect
from emla.flow.reminders import Reminders
from emla.model.errors import InvalidDocumentError, StoreError
from emla.sandbox.clerk import ClerkProcess
from emla.sandbox.confine import Measure
from emla.sandbox.opener import OpenerProcess
from emla.steps.trust import check_current
from emla.store.files import FileBlobs
from emla.store.sqlite.store import SqliteStore
from emla.web.guard import Guard
from emla.web.operations import Check, Figures, Labelled, Many, OperationsApi

_SYNCS_PER_WAL_CHECKPOINT = 3
_SYNCS_PER_BLOB = 3
_DAY_SECONDS = 86400


class StoreStatus:
    """What a gateway and a hub know about themselves alike: whether they are ready, and what their store does."""

    def __init__(
        self, gateway: Gateway, store: SqliteStore, blobs: FileBlobs, documents: DocumentFigures
    ) -> None:
        self.gateway = gateway
        self.store = store
        self.documents = documents
        self._blobs = blobs
        self._operations: OperationsApi | None = None

    def watch(self, operations: OperationsApi) -> None:
        """Take readiness from the operations listener's checks."""
        self._operations = operations

    @property
    def ready(self) -> bool:
        """Whether packages are taken."""
        return self._operations is not None and self._operations.ready

    @property
    def ledger_size(self) -> int:
        """Leaves in the ledger."""
        return self.store.ledger_size

    @property
    def longest_wait_milliseconds(self) -> float:
        """The longest a write waited for its batch."""
        return round(self.store.figures.longest_wait_seconds * 1000, 1)

    @property
    def commits(self) -> int:
        """Commits since the start."""
        return self.store.figures.commits

    @property
    def fsyncs(self) -> int:
        """Syncs to disk since the start: one a commit, three a WAL checkpoint, three a blob."""
        checkpoints = self.store.wal.count * _SYNCS_PER_WAL_CHECKPOINT
        return self.commits + checkpoints + self._blobs.kept * _SYNCS_PER_BLOB


class Status(StoreStatus):
    """Implements `emla.web.views.StatusSource` for a gateway."""

    def __init__(
        self,
        gateway: Gateway,
        store: SqliteStore,
        blobs: FileBlobs,
        opener: OpenerProcess,
        clerk: ClerkProcess,
        documents: DocumentFigures,
    ) -> None:
        super().__init__(gateway, store, blobs, documents)
        self._opener = opener
        self._clerk = clerk
        self.collect: Collect | None = None
        self.reminders: Reminders | None = None
        self.scans: Scans | None = None
        self.feed: Feed | None = None
        self.tell: Tell | None = None

    @property
    def hubs(self) -> list[dict[str, object]]:
        """The hubs of our own card."""
        reached = self.collect.reached() if self.collect else {}
        pinned = self.gateway.directory.peers
        return [
            {"authority": hub, "pinned": hub in pinned, "reached": answered}
            for hub, answered in reached.items()
        ]

    @property
    def opener(self) -> list[dict[str, object]]:
        """The measures that confine the opener."""
        return _shown(self._opener.measures)

    @property
    def clerk(self) -> list[dict[str, object]]:
        """The measures that confine the clerk."""
        return _shown(self._clerk.measures)


def _shown(measures: tuple[Measure, ...]) -> list[dict[str, object]]:
    return [{"name": each.name, "effective": each.effective, "detail": each.detail} for each in measures]


def readiness(
    gateway: Gateway,
    opener: OpenerProcess,
    clerk: ClerkProcess,
    failure: "asyncio.Future[StoreError]",
) -> tuple[Check, ...]:
    """The conditions under which packages are taken."""
    return (
        Check("store", lambda: "the storage failed" if failure.done() else ""),
        Check("opener", lambda: "" if opener.ready else "the opener is not running"),
        Check("clerk", lambda: "" if clerk.ready else "the clerk is not running"),
        Check("disk", lambda: disk_problem(gateway)),
        Check("documents", lambda: documents_problem(gateway)),
        Check("ledger", lambda: gateway.ledger_closed() or ""),
    )


def disk_problem(gateway: Gateway) -> str:
    """What is wrong with the free space; empty when nothing is."""
    try:
        gateway.require_space(0)
    except StoreError as error:
        return error.detail
    return ""


def documents_problem(gateway: Gateway) -> str:
    """What is wrong with our own documents; empty when nothing is."""
    try:
        check_current(gateway.identity.authority, gateway.now())
    except InvalidDocumentError as error:
        return error.detail
    return ""


def figures(status: Status, guard: Guard) -> Figures:
    """The metrics; names are stable, docs/reference/metrics.md lists them."""
    store, gateway = status.store, status.gateway

    def days_left() -> float:
        return (gateway.identity.authority.card.expires - gateway.clock.now()) / _DAY_SECONDS

    def oldest() -> float:
        since = store.read.oldest_ready()
        return 0.0 if since is None else max(0.0, gateway.clock.now() - since)

    def overdue() -> float:
        bounds, now = gateway.settings.relay, gateway.now()
        late = store.read.overdue(now - bounds.overdue_seconds, now - bounds.overdue_urgent_seconds)
        return float(sum(count for _, count, _ in late))

    counters: dict[str, tuple[str, Callable[[], float]]] = {
        "emla_commits": ("Commits of the store.", lambda: status.commits),
        "emla_operations": ("Operations committed.", lambda: store.figures.operations),
        "emla_fsyncs": ("Syncs to disk.", lambda: status.fsyncs),
        "emla_documents_taken": ("Newer documents of peers taken.", lambda: status.documents.taken),
        "emla_documents_refused": ("Documents of peers refused.", lambda: status.documents.refused),
        "emla_mailbox_taken": ("Items taken out of our mailboxes at hubs.", lambda: _collected(status).taken),
        "emla_mailbox_refused": (
            "Items of our mailboxes that did not verify.",
            lambda: _collected(status).refused,
        ),
    }
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "emla_ledger_size": ("Leaves in the ledger.", lambda: store.ledger_size),
        "emla_ledger_closed": (
            "Whether the ledger is closed: nothing is sent, accepted or acknowledged.",
            lambda: gateway.ledger_closed() is not None,
        ),
        "emla_event_streams": (
            "Streams of events that are open.",
            lambda: status.feed.readers if status.feed else 0,
        ),
        "emla_under_way": ("Journeys being worked on.", lambda: gateway.under_way.count),
        "emla_uploads": ("Payloads of files on their way in.", lambda: gateway.reservations.count),
        "emla_peers": ("Peers pinned.", lambda: len(gateway.directory.peers)),
        "emla_oldest_leg_seconds": ("Age of the oldest package without an answer.", oldest),
        "emla_unopened": ("Accepted packages not opened yet.", lambda: store.read.unopened_count()),
        "emla_quarantined": ("Packages in quarantine.", lambda: store.read.quarantined_count()),
        "emla_unreadable": (
            "Accepted packages whose payload could not be read.",
            lambda: store.read.unreadable_count(),
        ),
        "emla_drafts_waiting": (
            "Messages that wait for a second person.",
            lambda: store.read.draft_counts()[0],
        ),
        "emla_sent_alone_unreviewed": (
            "Messages that went without a second person and that none has looked at since.",
            lambda: store.read.draft_counts()[1],
        ),
        "emla_legs_overdue": ("Packages that wait longer than they should.", overdue),
        "emla_equivocations": (
            "Second packages for one id or place, kept as proof.",
            lambda: store.read.equivocation_count(),
        ),
        "emla_contradictions": (
            "Second acknowledgements of one event, kept as proof.",
            lambda: store.read.contradiction_count(),
        ),
        "emla_doubtful_acknowledgements": (
            "Signed acknowledgements that do not hold, kept for people.",
            lambda: store.read.doubtful_count(),
        ),
        "emla_card_days_left": ("Days until the card expires.", days_left),
        "emla_disk_free_bytes": ("Free space for payloads.", lambda: gateway.blobs.free_bytes()),
        "emla_batch_wait_longest_seconds": (
            "The longest a write waited for its batch.",
            lambda: store.figures.longest_wait_seconds,
        ),
        "emla_memory_peak_bytes": (
            "Peak resident memory.",
            lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        ),
    }
    labelled: Many = {
        "emla_key_days_left": (
            "Days until a key, card or root ends.",
            ("authority", "what", "name"),
            lambda: _days_left(gateway),
        ),
        "emla_peer_status_age_seconds": (
            "Age of what a peer last said is current.",
            ("peer",),
            lambda: _status_age(gateway),
        ),
        "emla_hub_reached": (
            "Whether a hub of ours answered last time.",
            ("peer",),
            lambda: {(str(each["authority"]),): float(bool(each["reached"])) for each in status.hubs},
        ),
        "emla_peer_oldest_waiting_seconds": (
            "Age of the oldest package that waits for a peer.",
            ("peer",),
            lambda: _oldest_waiting(gateway, store),
        ),
        "emla_peer_open": (
            "Whether packages may start for a peer.",
            ("peer",),
            lambda: {(peer.authority.id,): float(is_open(peer, gateway.now())) for peer in _peers(gateway)},
        ),
    }
    connected, turned_away = guard_figures(guard, gateway)
    reminders = case_figures(lambda: status.reminders)
    held, scans = scan_figures(lambda: status.scans, store.read.held_part_count)
    webhooks, calls = webhook_figures(lambda: status.tell, store.read)
    return Figures(
        counters,
        gauges | held,
        store.read.leg_counts,
        labelled | connected | webhooks,
        turned_away | reminders | scans | calls,
    )


def _collected(status: Status) -> CollectFigures:
    return status.collect.figures if status.collect else CollectFigures()


def _peers(gateway: Gateway) -> list[Peer]:
    return list(gateway.directory.peers.values())


def _days_left(gateway: Gateway) -> Labelled:
    own, now = gateway.identity.authority, gateway.clock.now()
    endings = [*documents_ending(own), *keys_ending(own)]
    for peer in _peers(gateway):
        endings += documents_ending(peer.authority)
    return {(each.authority, each.what, each.name): round(each.days_left(now), 3) for each in endings}


def _status_age(gateway: Gateway) -> Labelled:
    now = gateway.clock.now()
    return {
        (each.authority.id,): max(0.0, now - max(each.authority.fresh_at, each.row.pinned_at))
        for each in _peers(gateway)
    }


def _oldest_waiting(gateway: Gateway, store: SqliteStore) -> Labelled:
    now = gateway.clock.now()
    return {(peer,): max(0.0, now - created) for peer, created in store.read.oldest_waiting().items()}
