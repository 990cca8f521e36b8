"""record_backup: that a backup was made -> the ledger. The backup itself is made beside the gateway (`emla.bootstrap`).

B2 one batch: the event with its leaf, checkpoint. A crash before it leaves a backup that the ledger does not know: nothing rests
on the event, it only tells people when the last one was made, and that somebody took a copy of everything.
"""

from emla.flow.events import BACKUP_CREATED, event
from emla.flow.gateway import Gateway
from emla.formats.event import Facts


class RecordBackup:
    """The journey of the word that a backup was made."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, *, backup: str, kid: str, size: int, ledger_size: int) -> int:
        """Record a backup; when it stands in the ledger, in UNIX seconds.

        Args:
            backup: the backup's id.
            kid: the key it is sealed to.
            size: bytes of its file.
            ledger_size: leaves of the ledger it holds.
        """
        at = self._gateway.now()
        facts: Facts = {"backup": backup, "kid": kid, "size": size, "ledger_size": ledger_size}
        await self._gateway.store.write(event(self._gateway, BACKUP_CREATED, facts))
        return at
