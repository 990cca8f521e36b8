"""The demo's first draft is refused for exactly the three things it says, and the whole request for none."""

from emla.bootstrap.demo_draft import MISSING, first_draft
from tests.support.sample_case import refusal, s01


def test_the_draft_breaks_three_rules_and_the_whole_request_none() -> None:
    code, findings = refusal(first_draft(s01()))
    assert code == "invalid-message"
    assert sorted(each.rule for each in findings) == sorted(MISSING)
    assert all(each.line and each.remedy and each.source for each in findings)
    assert refusal(s01()) == ("", ())
