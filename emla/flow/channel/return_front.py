"""return_front: what comes before the payload of a package that comes back, read from any line (docs/spec/channel.md 5)."""

from emla.flow.line.accept import PayloadSource
from emla.formats import bundles as bundles_form
from emla.formats.returned import BUNDLES_BYTES_MAX, LENGTH_BYTES
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE


async def read_front(source: PayloadSource) -> tuple[bytes, tuple[bytes, ...]]:
    """Read the signed header and the recipient's acknowledgements; what is left in the source is the payload.

    Raises:
        InvalidPackageError: ``malformed``.
    """
    signed = await _framed(source, WIRE.header_bytes)
    return signed, bundles_form.decode(await _framed(source, BUNDLES_BYTES_MAX))


async def _framed(source: PayloadSource, size_bytes_max: int) -> bytes:
    if source.size < LENGTH_BYTES:
        raise InvalidPackageError("malformed", "The body ended before its length.")
    length = int.from_bytes(await source.read_exactly(LENGTH_BYTES), "big")
    if not 0 < length <= min(size_bytes_max, source.size):
        raise InvalidPackageError("malformed", "A part is too long for what it is or for the body.")
    return await source.read_exactly(length)
