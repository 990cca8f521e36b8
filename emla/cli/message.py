"""`emla message` (and `emla request`): the family's table. The commands are in files of their own."""

from emla.cli.lazy import Entry, LazyGroup

message = LazyGroup(
    "message",
    table={
        "new": Entry("message_new:new", "Write a request, question by question."),
        "check": Entry("message_check:check", "Check a message file; nothing is sent."),
        "preview": Entry("message_preview:preview", "Show a message as a page to read and print."),
        "send": Entry("message_send:send", "Check a message with its attachments and send it."),
        "list": Entry("message_list:list_messages", "List messages, the newest first."),
        "show": Entry("message_list:show", "Show one message with everything that happened to it."),
        "release": Entry("message_list:release", "Have a package that could not be opened opened once more."),
        "close": Entry("message_list:close", "Propose to give up opening a package in quarantine."),
        "open": Entry("message_open:open_message", "Save the parts of a message as files."),
    },
    text="Write, check, preview, send, list, show and open messages.",
    example="emla message send request.xml --wait 60",
)
