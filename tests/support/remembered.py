"""A pytest plugin: signatures that held once are not computed again. Three of four are checked before, in one process of tests.

Whether a signature holds for bytes and a key never changes, so what is remembered is what would be computed. What raises is
computed each time. Imported before emla, which takes the functions from here.
"""

from functools import lru_cache

from nacl import bindings

_KEPT = 50_000

bindings.crypto_sign_open = lru_cache(_KEPT)(bindings.crypto_sign_open)
bindings.crypto_core_ed25519_is_valid_point = lru_cache(_KEPT)(bindings.crypto_core_ed25519_is_valid_point)
