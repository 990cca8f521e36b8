"""`emla root`: the offline root of an authority. No server and no network are needed."""

from emla.cli.lazy import Entry, LazyGroup

root = LazyGroup(
    "root",
    table={
        "new": Entry("root_new:new", "Make a root key on removable media."),
        "sign": Entry("root_sign:sign", "Add a signature to a root or card."),
        "rotate": Entry("root_rotate:rotate", "Write the draft of the next root."),
        "freeze": Entry("root_freeze:freeze", "Take all trust away until the next root."),
    },
    text="""The offline root: keys on removable media, and what they sign.

Run these on a machine that you trust, best one without a network. The keys never go to the server.""",
    example="emla root sign next-root.json --key /media/stick/root.json",
)
