"""What the hub's own people may call, on the Unix socket of its folder: peers, keys, the ledger, what is held."""

from aiohttp import web

from emla import __version__
from emla.flow.gateway import Gateway
from emla.flow.repeats import Repeats
from emla.model.limits import WIRE
from emla.model.mailbox import MailboxUse
from emla.model.settings import Role
from emla.web import views
from emla.web.contract_api import ContractApi
from emla.web.keys_api import KeysApi
from emla.web.ledger_api import LedgerApi
from emla.web.peers_api import PeersApi
from emla.web.problems import problem_middleware
from emla.web.profile_api import ProfileApi
from emla.web.repeated import Repeated


class HubDesk:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        peers: PeersApi,
        keys: KeysApi,
        ledger: LedgerApi,
        profile: ProfileApi,
        status: "views.StatusSource",
    ) -> None:
        self._gateway = gateway
        self._peers = peers
        self._keys = keys
        self._ledger = ledger
        self._profile = profile
        self._status = status
        self.stopping = False

    def application(self) -> web.Application:
        """The application for the Unix socket."""
        application = web.Application(
            middlewares=[
                problem_middleware(lambda: self._gateway.entropy(8).hex(), to_peer=False),
                Repeated(Repeats(self._gateway)).middleware,
            ],
            client_max_size=WIRE.documents_bytes,
        )
        application.router.add_get("/v1/status", self.get_status)
        application.router.add_get("/v1/mailboxes", self.get_mailboxes)
        self._peers.add_routes(application.router)
        self._keys.add_routes(application.router)
        self._ledger.add_routes(application.router)
        self._profile.add_routes(application.router)
        ContractApi().add_routes(application.router)
        return application

    async def get_status(self, http_request: web.Request) -> web.Response:
        """GET /v1/status."""
        identity = self._gateway.identity
        return views.answer(
            {
                "role": Role.HUB.value,
                "authority": identity.id,
                "epoch": identity.authority.card.epoch,
                "version": __version__,
                "software": f"emla/{__version__}",
                "ready": self._status.ready and not self.stopping,
                "peers": len(self._gateway.directory.peers),
                "legs": {},
                "ledger": {"size": self._status.ledger_size, "origin": identity.authority.card.ledger_origin},
                "batch_wait_milliseconds_longest": self._status.longest_wait_milliseconds,
                "commits": self._status.commits,
                "fsyncs": self._status.fsyncs,
                "opener": self._status.opener,
                "clerk": self._status.clerk,
            }
        )

    async def get_mailboxes(self, http_request: web.Request) -> web.Response:
        """GET /v1/mailboxes: what is held for each member."""
        uses = {each.owner: each for each in self._gateway.store.read.mailbox_uses()}
        owners = sorted(uses.keys() | self._gateway.directory.peers.keys())
        return views.answer({"items": [self._shown(owner, uses.get(owner)) for owner in owners]})

    def _shown(self, owner: str, use: MailboxUse | None) -> views.Json:
        return {
            "authority": owner,
            "items": use.items if use else 0,
            "bytes": use.size if use else 0,
            "oldest": views.instant(use.oldest_at if use else None),
            "pinned": owner in self._gateway.directory.peers,
        }
