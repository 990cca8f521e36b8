"""What messages must say of themselves, and what judges them.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="an answer says what it answers",
        row="BR-001",
        file="emla/steps/validate.py",
        old="if MESSAGE_TYPES[message.message_type].answers and message.in_reply_to is None:",
        new="if False:",
        held_by=("tests/unit/steps/test_validate.py::test_an_answer_must_say_what_it_answers",),
    ),
    Safeguard(
        name="a draft is not mistaken for the message that holds it",
        row="BR-001",
        file="emla/steps/validate.py",
        old="if bytes.fromhex(text_of(element)) == message.message_id:",
        new="if False:",
        held_by=("tests/unit/steps/test_validate.py::test_a_draft_has_a_header_of_its_own",),
    ),
    Safeguard(
        name="a schema loads nothing but its own folder",
        row="66",
        file="emla/formats/schema_compile.py",
        old='            return self.resolve_string(b"<nothing/>", context)\n',
        new="            return None\n",
        held_by=("tests/unit/formats/test_schema_compile.py::test_nothing_outside_the_folder_is_read",),
    ),
)
