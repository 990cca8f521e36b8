"""The start of a child that is to replace another one: its first word, before it is given anything."""

import asyncio

from emla.model.errors import ConfigurationError
from emla.sandbox.frames import WireError
from emla.sandbox.process import Child
from emla.sandbox.wire import Ready, decode_ready

START_SECONDS_MAX = 60


async def first_word(child: Child, name: str) -> Ready:
    """Wait until a new child is confined.

    Raises:
        ConfigurationError: it cannot start, or did not in time.
    """
    loop = asyncio.get_running_loop()
    word: asyncio.Future[Ready] = loop.create_future()

    def readable() -> None:
        try:
            whole = child.receive()
            if (body := next(child.frames(), None)) is not None:
                word.set_result(decode_ready(body))
            elif not whole:
                raise WireError("ended")
        except WireError as error:
            word.set_exception(ConfigurationError("internal", f"The new {name} {error} while starting."))
        if word.done():
            loop.remove_reader(child.socket)

    loop.add_reader(child.socket, readable)
    try:
        async with asyncio.timeout(START_SECONDS_MAX):
            ready = await word
    except TimeoutError as error:
        raise ConfigurationError("internal", f"The new {name} did not get ready in time.") from error
    finally:
        loop.remove_reader(child.socket)
    if ready.code is not None:
        raise ConfigurationError(ready.code, ready.detail)
    return ready
