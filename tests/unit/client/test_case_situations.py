"""What a client makes of the server's answer is what the docket itself says."""

from typing import cast

import msgspec
import pytest

from emla.cases.fold import fold
from emla.client.case_answers import Case, read_as
from emla.client.case_situations import situations_of
from emla.flow.dockets import Held
from emla.ports.store import Reader
from emla.web import holding_views
from emla.web.case_views import case as case_view
from emla.writing.situation import situations
from tests.support.sample_acts import course
from tests.support.sample_cases import SampleCase, cases

NOBODY = cast("Reader", None)
"""No package is held here, so nothing is read of any."""


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_both_sides_see_in_the_answer_what_follows_from_the_acts(case: SampleCase) -> None:
    for _, act, acts in course(case):
        docket = fold(acts)
        held = Held(
            case_id=act.case_id,
            cases=(act.case_id,),
            version=(0, 0),
            acts=acts,
            packages={},
            docket=docket,
            whole=True,
        )
        for own in (act.sender, act.recipient):
            brought = holding_views.of_case(held, own, act.issued_at, on_hold=False)
            shown = {**case_view(held, own, NOBODY), "holdings": brought, "view": ""}
            answer = read_as(Case, msgspec.json.encode(shown))
            assert situations_of(answer, own) == situations(docket, act.case_id, own)
