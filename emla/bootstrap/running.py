"""What a gateway and a hub have in common while they run: the failure that ends them, the wait for a signal, an orderly end."""

import asyncio
import contextlib

from emla.flow.gateway import Gateway
from emla.model.errors import ConfigurationError, EmlaError, StoreError
from emla.model.settings import Role
from emla.ports.store import Reader


class Failure:
    """The first failure of the storage; it ends the process."""

    def __init__(self) -> None:
        self.future: asyncio.Future[StoreError] = asyncio.get_running_loop().create_future()

    def __call__(self, error: StoreError) -> None:
        """Note that the storage failed; the first failure counts."""
        if not self.future.done():
            self.future.set_result(error)


def check_role(read: Reader, role: Role) -> None:
    """Refuse to serve a folder as what it is not: who holds packages for others never sends or receives its own.

    Raises:
        ConfigurationError: ``wrong-role``.
    """
    has_lines, has_mailboxes = read.lines_and_mailboxes()
    if role is Role.HUB and has_lines:
        raise ConfigurationError("wrong-role", "This folder has sent or received packages of its own.")
    if role is Role.GATEWAY and has_mailboxes:
        raise ConfigurationError("wrong-role", "This folder has held packages for others, as a hub.")


async def until_stopped(
    stop: asyncio.Event, failure: "asyncio.Future[StoreError]", workers: list["asyncio.Task[None]"]
) -> None:
    """Wait for a signal; raise when the storage or a worker failed."""
    waiting = asyncio.create_task(stop.wait())
    try:
        watched: list[asyncio.Future[object]] = [waiting, failure, *workers]  # type: ignore[list-item]  # invariant
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if failure.done():
        raise failure.result()
    for worker in workers:
        if worker.done():
            if (error := worker.exception()) is not None:
                raise _cause(error) from error
            raise EmlaError("internal", f"{worker.get_coro()} ended by itself.")


def _cause(error: BaseException) -> BaseException:
    """What our operator can act on, out of the groups that tasks wrap it in; else the error itself."""
    while isinstance(error, BaseExceptionGroup):
        ours = error.subgroup(EmlaError)
        error = (ours or error).exceptions[0]
    return error


async def drain(gateway: Gateway, seconds: int) -> None:
    """Let what is under way end; what does not in time is repeated after the next start."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await gateway.under_way.none()


async def cancel(workers: list["asyncio.Task[None]"]) -> None:
    """End what runs until the end."""
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
