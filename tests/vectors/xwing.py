"""A second implementation of suite h1's sealing side, so that vectors repeat byte for byte and are not ours
checking ours.

Here: deterministic ML-KEM-768 encapsulation (FIPS 203), X-Wing (draft-connolly-cfrg-xwing-kem) and HPKE base
mode sealing (RFC 9180) with KEM 0x647A, HKDF-SHA256 and ChaCha20-Poly1305, from hashlib, hmac and the single
primitives X25519 and ChaCha20-Poly1305. Not here: opening, speed, constant time. The randomness is an
argument: never use this to seal a secret.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

Q, N, K = 3329, 256, 3
Poly = list[int]


def _reversed_bits(value: int) -> int:
    return int(f"{value:07b}"[::-1], 2)


_ZETAS = [pow(17, _reversed_bits(i), Q) for i in range(128)]
_GAMMAS = [pow(17, 2 * _reversed_bits(i) + 1, Q) for i in range(128)]


def _bits(data: bytes) -> list[int]:
    return [byte >> place & 1 for byte in data for place in range(8)]


def _decode(data: bytes, width: int) -> Poly:
    """ByteDecode of FIPS 203, algorithm 6."""
    bits = _bits(data)
    return [sum(bits[i * width + j] << j for j in range(width)) for i in range(N)]


def _encode(poly: Poly, width: int) -> bytes:
    """ByteEncode of FIPS 203, algorithm 5."""
    whole = sum(value << (i * width) for i, value in enumerate(poly))
    return whole.to_bytes(32 * width, "little")


def _compress(poly: Poly, width: int) -> Poly:
    return [((value << (width + 1)) + Q) // (2 * Q) % (1 << width) for value in poly]


def _sample_ntt(seed: bytes) -> Poly:
    """SampleNTT, algorithm 7."""
    stream = hashlib.shake_128(seed).digest(1344)
    poly: Poly = []
    for at in range(0, len(stream), 3):
        a, b, c = stream[at : at + 3]
        for value in (a + 256 * (b % 16), b // 16 + 16 * c):
            if value < Q and len(poly) < N:
                poly.append(value)
    if len(poly) < N:
        raise ArithmeticError("1,344 bytes were not enough: does not happen with the keys used here")
    return poly


def _sample_noise(key: bytes, counter: int) -> Poly:
    """SamplePolyCBD with eta 2, algorithm 8."""
    bits = _bits(hashlib.shake_256(key + bytes([counter])).digest(128))
    return [(sum(bits[4 * i : 4 * i + 2]) - sum(bits[4 * i + 2 : 4 * i + 4])) % Q for i in range(N)]


def _ntt(poly: Poly) -> Poly:
    """NTT, algorithm 9."""
    out, place, width = list(poly), 1, 128
    while width >= 2:
        for start in range(0, N, 2 * width):
            zeta = _ZETAS[place]
            place += 1
            for j in range(start, start + width):
                turned = zeta * out[j + width] % Q
                out[j + width] = (out[j] - turned) % Q
                out[j] = (out[j] + turned) % Q
        width //= 2
    return out


def _inverse_ntt(poly: Poly) -> Poly:
    """The inverse NTT, algorithm 10."""
    out, place, width = list(poly), 127, 2
    while width <= 128:
        for start in range(0, N, 2 * width):
            zeta = _ZETAS[place]
            place -= 1
            for j in range(start, start + width):
                kept = out[j]
                out[j] = (kept + out[j + width]) % Q
                out[j + width] = zeta * (out[j + width] - kept) % Q
        width *= 2
    return [value * 3303 % Q for value in out]


def _multiply(left: Poly, right: Poly) -> Poly:
    """MultiplyNTTs, algorithms 11 and 12."""
    out: Poly = []
    for i in range(128):
        a0, a1, b0, b1 = left[2 * i], left[2 * i + 1], right[2 * i], right[2 * i + 1]
        out += [(a0 * b0 + a1 * b1 * _GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def _add(*polys: Poly) -> Poly:
    return [sum(values) % Q for values in zip(*polys, strict=True)]


def mlkem768_encapsulate(public: bytes, message: bytes) -> tuple[bytes, bytes]:
    """ML-KEM.Encaps_internal (algorithm 17): shared secret and ciphertext from 32 bytes of randomness."""
    mixed = hashlib.sha3_512(message + hashlib.sha3_256(public).digest()).digest()
    secret, coins = mixed[:32], mixed[32:]
    t = [_decode(public[384 * i : 384 * (i + 1)], 12) for i in range(K)]
    rho = public[1152:]
    matrix = [[_sample_ntt(rho + bytes([j, i])) for j in range(K)] for i in range(K)]
    y = [_ntt(_sample_noise(coins, i)) for i in range(K)]
    e1 = [_sample_noise(coins, K + i) for i in range(K)]
    e2 = _sample_noise(coins, 2 * K)
    u = [
        _add(_inverse_ntt(_add(*(_multiply(matrix[j][i], y[j]) for j in range(K)))), e1[i]) for i in range(K)
    ]
    mu = [bit * ((Q + 1) // 2) for bit in _bits(message)]
    v = _add(_inverse_ntt(_add(*(_multiply(t[i], y[i]) for i in range(K)))), e2, mu)
    parts = [_encode(_compress(poly, 10), 10) for poly in u]
    return secret, b"".join(parts) + _encode(_compress(v, 4), 4)


def xwing_encapsulate(public: bytes, randomness: bytes) -> tuple[bytes, bytes]:
    """X-Wing: shared secret and 1,120-byte ciphertext from 64 bytes of randomness."""
    lattice, curve = public[:1184], public[1184:]
    lattice_secret, lattice_part = mlkem768_encapsulate(lattice, randomness[:32])
    ephemeral = X25519PrivateKey.from_private_bytes(randomness[32:])
    curve_secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(curve))
    curve_part = ephemeral.public_key().public_bytes_raw()
    secret = hashlib.sha3_256(lattice_secret + curve_secret + curve_part + curve + b"\\.//^\\").digest()
    return secret, lattice_part + curve_part


_SUITE = b"HPKE\x64\x7a\x00\x01\x00\x03"


def _extract(salt: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + _SUITE + label + key, "sha256")


def _expand(key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + _SUITE + label + info
    return hmac.digest(key, labelled + b"\x01", "sha256")[:length]


def wrap(public: bytes, cek: bytes, hbind: bytes, randomness: bytes) -> bytes:
    """Seal a content key as a stanza of suite h1, with 64 bytes of randomness."""
    secret, encapsulated = xwing_encapsulate(public, randomness)
    context = b"\x00" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", b"emla/1 h1" + hbind)
    mixed = _extract(secret, b"secret", b"")
    key, nonce = _expand(mixed, b"key", context, 32), _expand(mixed, b"base_nonce", context, 12)
    return encapsulated + ChaCha20Poly1305(key).encrypt(nonce, cek, None)
