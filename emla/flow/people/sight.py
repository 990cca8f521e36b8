"""sight: whether a case is for the one who calls, and the leaf that is left where it is not.

The one place where that is decided, for every object: a package, a part, a case. What is not for the caller is answered as if it
were not there. P3 the leaf about it is durable before the answer.
"""

from emla.flow.events import CONTENT_REFUSED, event
from emla.flow.gateway import Gateway
from emla.model.errors import NotFoundError
from emla.model.person import Caller


class Sight:
    """Who sees which case."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def sees(self, caller: Caller, case_id: bytes | None) -> bool:
        """Whether the content of a case is for a caller. None: it is not known yet which case it is, as with what is sealed."""
        if caller.sees_all_cases:
            return True
        return (
            caller.sees_content
            and case_id is not None
            and self._gateway.store.read.is_named(case_id, caller.id)
        )

    async def require(self, caller: Caller, case_id: bytes | None, *, what: str, id_: str) -> None:
        """Answer for a case that is not for the caller as for one that is not there, and leave a leaf that it was asked for.

        Args:
            caller: who asks.
            case_id: the case, if it is known.
            what: what was asked for: ``package``, ``part`` or ``case``.
            id_: its id.

        Raises:
            NotFoundError: ``not-found``.
        """
        if self.sees(caller, case_id):
            return
        facts = {"person": caller.id, "what": what, "id": id_}
        await self._gateway.store.write(event(self._gateway, CONTENT_REFUSED, facts))
        raise NotFoundError("not-found")
