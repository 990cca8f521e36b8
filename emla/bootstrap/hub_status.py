"""What a running hub knows about itself: status, readiness, figures."""

import asyncio
import resource
from collections.abc import Callable

from emla.bootstrap.guard_figures import guard_figures
from emla.bootstrap.status import StoreStatus, disk_problem, documents_problem
from emla.flow.documents.take_documents import DocumentFigures
from emla.flow.gateway import Gateway
from emla.flow.hub.figures import HubFigures
from emla.model.errors import StoreError
from emla.store.files import FileBlobs
from emla.store.sqlite.store import SqliteStore
from emla.web.guard import Guard
from emla.web.operations import Check, Figures, Many


class HubStatus(StoreStatus):
    """Implements `emla.web.views.StatusSource`; a hub has neither opener nor clerk."""

    def __init__(
        self,
        gateway: Gateway,
        store: SqliteStore,
        blobs: FileBlobs,
        documents: DocumentFigures,
        hub: HubFigures,
    ) -> None:
        super().__init__(gateway, store, blobs, documents)
        self.hub = hub

    @property
    def hubs(self) -> list[dict[str, object]]:
        """A hub has none of its own."""
        return []

    @property
    def opener(self) -> list[dict[str, object]]:
        """A hub has none."""
        return []

    @property
    def clerk(self) -> list[dict[str, object]]:
        """A hub has none."""
        return []


def hub_readiness(gateway: Gateway, failure: "asyncio.Future[StoreError]") -> tuple[Check, ...]:
    """The conditions under which deposits are taken."""
    return (
        Check("store", lambda: "the storage failed" if failure.done() else ""),
        Check("disk", lambda: disk_problem(gateway)),
        Check("documents", lambda: documents_problem(gateway)),
        Check("ledger", lambda: gateway.ledger_closed() or ""),
    )


def hub_figures(status: HubStatus, guard: Guard) -> Figures:
    """The metrics of a hub; names are stable, docs/reference/metrics.md lists them."""
    store, gateway, hub = status.store, status.gateway, status.hub

    counters: dict[str, tuple[str, Callable[[], float]]] = {
        "emla_commits": ("Commits of the store.", lambda: status.commits),
        "emla_operations": ("Operations committed.", lambda: store.figures.operations),
        "emla_fsyncs": ("Syncs to disk.", lambda: status.fsyncs),
        "emla_documents_taken": ("Newer documents of peers taken.", lambda: status.documents.taken),
        "emla_documents_refused": ("Documents of peers refused.", lambda: status.documents.refused),
        "emla_hub_deposited": ("Hub: objects taken into mailboxes.", lambda: hub.deposited),
        "emla_hub_rejected": ("Hub: packages refused with a HubRejection.", lambda: hub.refused),
        "emla_hub_released": ("Hub: items that their owners released.", lambda: hub.released),
        "emla_hub_expired": ("Hub: items that nobody collected in time.", lambda: hub.expired),
    }
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "emla_ledger_size": ("Leaves in the ledger.", lambda: store.ledger_size),
        "emla_under_way": ("Journeys being worked on.", lambda: gateway.under_way.count),
        "emla_peers": ("Peers pinned.", lambda: len(gateway.directory.peers)),
        "emla_disk_free_bytes": ("Free space for payloads.", lambda: gateway.blobs.free_bytes()),
        "emla_memory_peak_bytes": (
            "Peak resident memory.",
            lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        ),
    }

    labelled: Many = {
        "emla_mailbox_items": (
            "Hub: items held.",
            ("owner",),
            lambda: {(each.owner,): float(each.items) for each in store.read.mailbox_uses()},
        ),
        "emla_mailbox_bytes": (
            "Hub: bytes held.",
            ("owner",),
            lambda: {(each.owner,): float(each.size) for each in store.read.mailbox_uses()},
        ),
        "emla_mailbox_oldest_seconds": (
            "Hub: age of the oldest item held.",
            ("owner",),
            lambda: {
                (each.owner,): max(0.0, gateway.clock.now() - each.oldest_at)
                for each in store.read.mailbox_uses()
                if each.oldest_at is not None
            },
        ),
    }
    connected, turned_away = guard_figures(guard, gateway)
    return Figures(counters, gauges, dict, labelled | connected, turned_away)
