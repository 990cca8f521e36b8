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
    Safeguard(
        name="what a valid message cannot lack is not read as empty",
        row="messages",
        file="emla/formats/message.py",
        old="                if not value and path not in optional:\n",
        new="                if False:\n",
        held_by=(
            "tests/unit/formats/test_message.py::test_what_a_valid_message_cannot_lack_is_not_read_as_empty",
        ),
    ),
    Safeguard(
        name="white space after a value that ends in a bracket is noticed",
        row="messages",
        file="emla/formats/xml.py",
        old=' or data.count(b"<") != data.count(b">")\n',
        new="\n",
        held_by=(
            "tests/unit/formats/test_xml.py::test_white_space_around_a_value_is_noticed[<a><b>X> </b></a>-True]",
        ),
    ),
    Safeguard(
        name="of documents that are read together a wrong one keeps none from being judged",
        row="messages",
        file="emla/steps/validate.py",
        old="        return error\n",
        new="        raise\n",
        held_by=(
            "tests/unit/steps/test_validate.py::test_what_is_wrong_with_one_of_several_is_said_when_it_is_judged[<a>]",
        ),
    ),
)
