"""quarantine: what people do with a package that could not be opened: have it opened once more, or give it up.

I11 one batch holds the package ACCEPTED again, its strikes forgotten, and an event with its leaf; then the opener has it. The
ContentConsignmentFailure that was sent stays; a ContentConsignment that follows supersedes it on both sides. I12 closing is an
act of two officers: the package is CLOSED, and the failure is the last word.
"""

import logging
from collections.abc import Callable

from emla.flow.events import PACKAGE_RELEASED, event
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.model.act import Act
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.leg import InboxState
from emla.ports.store import InboxRow, Transaction

logger = logging.getLogger("emla.quarantine")


class Quarantine:
    """Lets packages out."""

    def __init__(self, gateway: Gateway, on_accepted: Callable[[bytes], None]) -> None:
        self._gateway = gateway
        self._on_accepted = on_accepted

    async def release(self, pid: bytes) -> None:
        """Have a package opened once more.

        Raises:
            NotFoundError: ``not-found``.
            ConfigurationError: ``wrong-state``: it is opened, or waits to be.
        """
        row = _received(self._gateway, pid)
        facts = {"pid": pid.hex(), "peer": row.sender, "code": row.code or ""}
        record = event(self._gateway, PACKAGE_RELEASED, facts)

        def operation(transaction: Transaction) -> None:
            if not transaction.release_received(pid):
                raise _wrong(row, "opened once more")
            record(transaction)

        await self._gateway.store.write(operation)
        logger.info("package released", extra={"pid": pid.hex(), "peer": row.sender})
        self._on_accepted(pid)


class ClosePackage:
    """The effect of the act `package.close`."""

    def __init__(self, gateway: Gateway, news: News) -> None:
        self._gateway = gateway
        self._news = news

    def check(self, act: Act) -> None:
        """Refuse what is not in quarantine.

        Raises:
            NotFoundError: ``not-found``.
            ConfigurationError: ``wrong-state``.
        """
        self._found(act)

    def _found(self, act: Act) -> InboxRow:
        try:
            pid = bytes.fromhex(str(act.facts["pid"]))
        except ValueError:
            pid = b""
        row = _received(self._gateway, pid)
        if row.sender != act.facts["peer"]:
            raise NotFoundError("not-found", "No package of that authority has this id.")
        if row.state is not InboxState.QUARANTINED:
            raise _wrong(row, "closed")
        return row

    async def __call__(self, act: Act, also: Callable[[Transaction], None]) -> None:
        """I12."""
        row = self._found(act)

        def operation(transaction: Transaction) -> None:
            transaction.move_received(row.pid, InboxState.QUARANTINED, InboxState.CLOSED, row.code)
            also(transaction)

        await self._gateway.store.write(operation)
        self._news.tell(row.pid)


def _received(gateway: Gateway, pid: bytes) -> InboxRow:
    row = gateway.store.read.received(pid)
    if row is None:
        raise NotFoundError("not-found", "No received package has this id.")
    return row


def _wrong(row: InboxRow, done: str) -> ConfigurationError:
    return ConfigurationError("wrong-state", f"The package is {row.state.value} and cannot be {done}.")
