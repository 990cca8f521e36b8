"""`emla case`: the family's table. The commands are in files of their own."""

from emla.cli.lazy import Entry, LazyGroup

case = LazyGroup(
    "case",
    table={
        "act": Entry("case_act:act", "Say what your authority has to say in a case."),
    },
    text="What was said in a case, where it stands, and what to say next.",
    example="emla case act b84e19d0",
)
