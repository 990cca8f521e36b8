"""`emla keys`: the private keys of this authority and of its people."""

from emla.cli.lazy import Entry, LazyGroup

keys = LazyGroup(
    "keys",
    table={
        "new": Entry("keys_new:new", "Make a private key."),
        "rotate": Entry("keys_rotate:rotate", "Make a new key and propose the card that lists it."),
        "revoke": Entry("keys_revoke:revoke", "Write a revocation of one key, signed by a root key."),
        "wrap": Entry("keys_wrap:wrap", "Lock the private keys under a new passphrase."),
    },
    text="Private keys: making them, revoking them, and the passphrase that locks them.",
    example="emla keys new --use sign",
)
