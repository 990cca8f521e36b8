"""Request bodies as sources: exactly so many bytes, within a time, or a clear error."""

import asyncio

from aiohttp import StreamReader

from emla.model.errors import EmlaError, TransportError

_READ_SECONDS = 60


class BodySource:
    """Reads a request body piece by piece; `size` is what is left of it by its own Content-Length."""

    def __init__(self, content: StreamReader, size: int, short: EmlaError) -> None:
        """Args: the body, its length, and the error for a body that ends early."""
        self._content = content
        self._short = short
        self.size = size

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        try:
            async with asyncio.timeout(_READ_SECONDS):
                data = await self._content.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise self._short from error
        except TimeoutError as error:
            raise TransportError("timeout") from error
        self.size -= size
        return data
