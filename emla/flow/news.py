"""News about packages: who waits for the next acknowledgement is woken when it is durable."""

import asyncio
from collections import defaultdict


class News:
    """Lets any number of callers wait for something new about a package."""

    def __init__(self) -> None:
        self._waiting: defaultdict[bytes, set[asyncio.Future[None]]] = defaultdict(set)

    def tell(self, pid: bytes) -> None:
        """Wake everybody who waits for this package."""
        for future in self._waiting.pop(pid, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, pid: bytes, seconds: float) -> bool:
        """Wait for the next news; False when none came in time."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[pid].add(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting.get(pid)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._waiting[pid]
        return True
