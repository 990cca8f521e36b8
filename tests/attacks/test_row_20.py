"""Row 20. Manifest differs from header in from, payload id, or does not list the recipient.

Expected: ContentConsignmentFailure.
"""

import pytest

from emla.formats.strict_json import Json
from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


@pytest.mark.parametrize(
    ("member", "value"),
    [("from", "hk.doj"), ("payload_id", "A" * 22), ("to", ["hk.doj"]), ("to", ["de.bfj.x"])],
)
def test_a_manifest_that_contradicts_the_header_is_refused(member: str, value: Json) -> None:
    assert (
        receive(build(AT, DE, tampering=Tampering(manifest={member: value})), DE, AT) == "manifest-mismatch"
    )


def test_a_header_that_commits_to_another_manifest_is_refused() -> None:
    assert (
        receive(build(AT, DE, tampering=Tampering(header={"content": "A" * 43})), DE, AT)
        == "manifest-mismatch"
    )


def test_a_manifest_that_lists_others_beside_the_recipient_is_fine() -> None:
    package = build(AT, DE, tampering=Tampering(manifest={"to": ["hk.doj", "de.bfj"]}))
    assert not isinstance(receive(package, DE, AT), str)
