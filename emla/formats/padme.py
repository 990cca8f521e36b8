"""Padme: how long a sealed stream appears (Nikitin et al., PoPETs 2019(4)). Hides all but the magnitude; costs at most 12 %."""


def padded_size(size_bytes: int) -> int:
    """The smallest Padme length that holds `size_bytes`."""
    if size_bytes < 2:
        return size_bytes
    exponent = size_bytes.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << max(0, exponent - kept)) - 1
    return (size_bytes + mask) & ~mask
