"""News about packages: who waits for the next acknowledgement is woken when it is durable."""

import asyncio
from collections import defaultdict


class News:
    """Lets any number of callers wait for something new about a package."""

    def __init__(self) -> None:
        self._waiting: defaultdict[bytes, dict[asyncio.Future[None], None]] = defaultdict(dict)
        """Who waits for a package, in the order they came: they are woken in it."""
        self._ended = False

    def tell(self, pid: bytes) -> None:
        """Wake everybody who waits for this package."""
        for future in self._waiting.pop(pid, ()):
            if not future.done():
                future.set_result(None)

    def end(self) -> None:
        """Wake everybody, and let nobody wait any more: the server stops, and whoever waits is answered as things stand."""
        self._ended = True
        for pid in list(self._waiting):
            self.tell(pid)

    async def wait(self, pid: bytes, seconds: float) -> bool:
        """Wait for the next news; False when none came in time, or none is to be waited for."""
        if self._ended:
            return False
        future = asyncio.get_running_loop().create_future()
        self._waiting[pid][future] = None
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting.get(pid)
            if waiting is not None:
                waiting.pop(future, None)
                if not waiting:
                    del self._waiting[pid]
        return True
