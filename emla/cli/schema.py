"""`emla schema`: the family's table. The commands are in a file of their own."""

from emla.cli.lazy import Entry, LazyGroup

schema = LazyGroup(
    "schema",
    table={
        "show": Entry("schema_show:show", "Explain an element, code, list, instrument or rule."),
        "list": Entry("schema_show:list_words", "List messages, code lists, rules or the codes of one list."),
    },
    text="What the words of messages mean.",
    example="emla schema show MLARequest/Measure/NecessityStatement",
)
