"""The body of a return: the header, the recipient's acknowledgements, the payload (docs/spec/channel.md 5).

u32 length of the header | header | u32 length of the bundles | the bundles, framed as in `emla.formats.bundles` | payload.
"""

from collections.abc import Sequence

from emla.formats import bundles as bundles_form
from emla.model.limits import WIRE

LENGTH_BYTES = 4
BUNDLES_BYTES_MAX = WIRE.bundles * (WIRE.bundle_bytes + LENGTH_BYTES)


def encode_front(signed: bytes, bundles: Sequence[bytes]) -> bytes:
    """Everything before the payload."""
    row = bundles_form.encode(bundles)
    return b"".join(
        (len(signed).to_bytes(LENGTH_BYTES, "big"), signed, len(row).to_bytes(LENGTH_BYTES, "big"), row)
    )
