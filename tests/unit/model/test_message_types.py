"""The table of messages and the schemas are about the same messages."""

from emla.model.message_types import MESSAGE_TYPES, Writer
from tests.support.sample_case import schemas
from tests.support.sample_messages import samples


def test_the_table_has_a_row_for_each_message_of_the_schemas() -> None:
    rows = {f"{{urn:emla:{row.family}:1}}{name}" for name, row in MESSAGE_TYPES.items()}
    assert rows == set(schemas().roots)


def test_urgencies_are_codes_of_the_schema() -> None:
    index = schemas().index_of(schemas().roots[0])
    codes = index.simple_types["{urn:emla:common:1}UrgencyCode"].codes
    assert {row.urgency for row in MESSAGE_TYPES.values()} <= set(codes)


def test_a_message_without_an_urgency_has_that_of_its_type() -> None:
    said = {each.message.message_type: each.message.urgency for each in samples()}
    assert said["ProvisionalArrestRequest"] == "URGENT"
    assert said["StatusInquiry"] == "ROUTINE"
    assert said["EmergencyDisclosureRequest"] == "EMERGENCY"
    assert said["ServiceRequest"] == "PRIORITY"  # as the sample itself says


def test_in_the_samples_each_side_writes_what_is_its_own() -> None:
    """In all sample messages but two Serbia asks and Austria is asked."""
    for each in samples():
        writer = MESSAGE_TYPES[each.message.message_type].writer
        if "de.bfj" not in (each.message.sender, each.message.recipient) and writer is not Writer.EITHER:
            expected = "rs.moj" if writer is Writer.REQUESTING else "at.moj"
            # Of information that nobody asked for, the receiver answers the conditions.
            if each.message.message_type != "ConditionResponse":
                assert each.message.sender == expected, each.message.message_type
