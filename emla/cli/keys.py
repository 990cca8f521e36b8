"""`emla keys`: the private keys of this authority and of its people."""

from emla.cli.lazy import Entry, LazyGroup

keys = LazyGroup(
    "keys",
    table={
        "new": Entry("keys_new:new", "Make a private key."),
        "list": Entry(
            "keys_list:list_keys", "Show what is in force, what ends when, and what is in use by whom."
        ),
        "show": Entry("keys_list:show", "Show one key: its life, its window, where it is, who uses it."),
        "status": Entry(
            "keys_status:status", "Show what ends when, what waits, and what to do, each with its command."
        ),
        "rotate": Entry("keys_rotate:rotate", "Make new keys and propose the card that lists them."),
        "revoke": Entry("keys_revoke:revoke", "Write a revocation of one key, signed by a root key."),
        "wrap": Entry("keys_wrap:wrap", "Lock the private keys under a new passphrase."),
    },
    text="Private keys: what there is, making and changing them, revoking them, and the passphrase that locks them.",
    example="emla keys list",
)
