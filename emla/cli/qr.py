"""The fingerprint as a QR code: to be compared by a telephone's camera when two people meet, and on printed pages.

It holds ``emla:AUTHORITY:DIGITS``, the 60 digits without blanks. It takes no trust away from the two people: who scans it must
have it from the other authority's own hand or page.
"""

from io import BytesIO

import segno

QUIET_MODULES = 4
"""The light border that readers need (ISO/IEC 18004)."""
_BLOCKS = {(1, 1): " ", (1, 0): "▄", (0, 1): "▀", (0, 0): "█"}
"""Two modules on top of each other; light ones are drawn, because most terminals are dark."""


def fingerprint_code(authority: str, groups: str) -> segno.QRCode:
    """Make the code."""
    return segno.make_qr(f"emla:{authority}:{''.join(groups.split())}", error="m")


def terminal_lines(code: segno.QRCode) -> str:
    """The code as text, two rows of modules in each line."""
    rows = [tuple(row) for row in code.matrix_iter(border=QUIET_MODULES)]
    if len(rows) % 2:
        rows.append((0,) * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(_BLOCKS[int(upper), int(lower)] for upper, lower in zip(above, below, strict=True))
        for above, below in pairs
    )


def svg(code: segno.QRCode) -> bytes:
    """The code as an SVG file."""
    out = BytesIO()
    code.save(
        out, kind="svg", scale=4, border=QUIET_MODULES, light="white", title="Fingerprint of an emla card"
    )
    return out.getvalue()
