"""A member and its hubs: what a hub says, holds and hands out, and how often it is asked.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_COLLECT = "tests/unit/flow/test_collect.py::"
_HELD = "tests/unit/flow/test_hub_held.py::"
_WAYS = "tests/unit/flow/test_ways.py::"
_LINE = "tests/unit/transport/test_hub.py::"

ROWS = (
    Safeguard(
        name="only the recipient's key makes RelayAcceptance",
        row="28",
        file="emla/flow/line/deliver.py",
        old="                issuer=said_by if by_hub else peer,",
        new="                issuer=said_by,",
        held_by=("tests/attacks/test_row_28.py::test_as_the_answer_to_a_package",),
    ),
    Safeguard(
        name="a hub's word counts only as its answer to us",
        row="28",
        file="emla/flow/line/receive_acknowledgement.py",
        old="if claim.acknowledgement.event in ISSUED_BY_HUB:",
        new="if False:",
        held_by=("tests/attacks/test_row_28.py::test_a_hubs_own_word_pushed_unasked_is_not_believed_either",),
    ),
    Safeguard(
        name="what a hub holds goes on asking",
        row="62",
        file="emla/store/sqlite/rows.py",
        old="""DUE = "state IN ('READY', 'HUB_HELD')\"""",
        new="""DUE = "state IN ('READY', 'READY')\"""",
        held_by=(
            "tests/attacks/test_row_62.py::test_what_a_hub_deleted_is_offered_again_and_delivered_once",
        ),
    ),
    Safeguard(
        name="what a hub holds expires",
        row="7",
        file="emla/flow/line/give_up.py",
        old="if leg is None or leg.state not in WAITING:",
        new="if leg is None or leg.state is not LegState.READY:",
        held_by=(_HELD + "test_a_held_package_expires_in_time_and_a_late_acceptance_counts",),
    ),
    Safeguard(
        name="a hub is asked ever more seldom to hold a package",
        row="24",
        file="emla/flow/line/hub_held.py",
        old="pause = hub_pause_seconds(_offers(leg), chance=chance)",
        new="pause = 1.0",
        held_by=(_HELD + "test_the_hub_is_asked_again_ever_more_seldom",),
    ),
    Safeguard(
        name="a wake leaves alone what a hub holds",
        row="20",
        file="emla/store/sqlite/reader.py",
        old="(state = 'READY' OR next_at <= ?)",
        new="(1 OR next_at <= ?)",
        held_by=(_HELD + "test_a_wake_is_for_what_waits_and_not_for_what_a_hub_holds",),
    ),
    Safeguard(
        name="a line that is down is not waited for by each leg",
        row="21",
        file="emla/flow/line/ways.py",
        old="if steady < down.until:",
        new="if False:",
        held_by=(_WAYS + "test_a_line_that_is_down_is_not_waited_for_by_each_leg",),
    ),
    Safeguard(
        name="no hub that is held or frozen",
        row="45",
        file="emla/flow/line/ways.py",
        old="if each and not each.row.held and not each.authority.frozen",
        new="if each",
        held_by=(_WAYS + "test_a_hub_that_is_not_pinned_or_is_held_is_no_way",),
    ),
    Safeguard(
        name="what does not verify stays at the hub",
        row="61",
        file="emla/flow/member/collect.py",
        old="            self._refused(item, failures, error.code)",
        new="            self._refused(item, failures, error.code)\n            self._taken.append(Release(item=item.item))\n            self._changed.set()",
        held_by=("tests/attacks/test_row_61.py::test_the_wrong_blob",),
    ),
    Safeguard(
        name="only what was listed is judged and let go",
        row="61",
        file="emla/flow/member/items.py",
        old="if ref != item.ref:",
        new="if False:",
        held_by=(
            _COLLECT + "test_documents_that_are_not_those_listed_stay_and_those_of_a_stranger_are_let_go",
        ),
    ),
    Safeguard(
        name="our answer travels before the hub is told",
        row="61",
        file="emla/flow/member/items.py",
        old="        await self._send_answer(answer)\n",
        new="",
        held_by=(_COLLECT + "test_a_package_is_released_with_our_own_acceptance_as_the_proof",),
    ),
    Safeguard(
        name="what comes again has our answer sent again",
        row="61",
        file="emla/flow/member/items.py",
        old="if leg.state in (LegState.READY, LegState.HELD):",
        new="if True:",
        held_by=(_COLLECT + "test_what_comes_again_has_our_answer_sent_again",),
    ),
    Safeguard(
        name="a hub that always has more is asked more slowly",
        row="20",
        file="emla/flow/member/collect.py",
        old="if pages := self._useless // ITEMS_IN_ANSWER_MAX:",
        new="if pages := 0:",
        held_by=(_COLLECT + "test_a_hub_that_always_has_more_is_asked_ever_more_slowly_in_bounded_memory",),
    ),
    Safeguard(
        name="what a hub lists is remembered within a bound",
        row="20",
        file="emla/flow/member/collect.py",
        old="if len(self._troubles) < _REMEMBERED_MAX:",
        new="if True:",
        held_by=(_COLLECT + "test_a_hub_that_always_has_more_is_asked_ever_more_slowly_in_bounded_memory",),
    ),
    Safeguard(
        name="a hub's header is not read by what raises on it",
        row="49",
        file="emla/transport/https.py",
        old='return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()',
        new="return response.content_type",
        held_by=(
            _LINE + "test_a_media_type_that_cannot_be_read_is_a_refusal",
            "tests/unit/transport/test_https.py::test_a_media_type_that_cannot_be_read_is_an_answer_without_one[a/b;x*]",
        ),
    ),
    Safeguard(
        name="a bug about one hub's list is no end of the process",
        row="49",
        file="emla/flow/member/collect.py",
        old="except Exception:  # a bug of ours about one hub is not the others' trouble",
        new="except ZeroDivisionError:",
        held_by=(_COLLECT + "test_a_bug_about_one_hubs_list_does_not_end_the_process",),
    ),
    Safeguard(
        name="a bug about one hub's releases is no end of the process",
        row="49",
        file="emla/flow/member/collect.py",
        old="except Exception:  # as in `run`",
        new="except ZeroDivisionError:",
        held_by=(_COLLECT + "test_a_bug_about_one_hubs_releases_does_not_end_the_process",),
    ),
    Safeguard(
        name="a list does not lead in circles",
        row="61",
        file="emla/transport/hub.py",
        old="if items and items[0].item <= after:",
        new="if False:",
        held_by=(_LINE + "test_a_list_that_would_lead_in_circles_is_the_hubs_nonsense",),
    ),
    Safeguard(
        name="reading goes on only while it gets on",
        row="20",
        file="emla/transport/hub.py",
        old="if self._place == self._begun_at:",
        new="if self._place == 0:",
        held_by=(_LINE + "test_a_line_that_never_gets_on_ends_it",),
    ),
    Safeguard(
        name="an item is read on from where it stopped",
        row="61",
        file="emla/transport/hub.py",
        old='or int(found["start"]) != start',
        new="or False",
        held_by=(_LINE + "test_an_answer_that_begins_elsewhere_is_not_read",),
    ),
    Safeguard(
        name="an answer that moved while it was on its way is moved from where it stands",
        row="61",
        file="emla/flow/line/hub_held.py",
        old="    transaction.move_leg(leg.id, present.state, state)",
        new="    transaction.move_leg(leg.id, leg.state, state)",
        held_by=(f"{_HELD}test_a_package_that_comes_again_while_its_answer_is_on_its_way_stops_nobody",),
    ),
    Safeguard(
        name="a hub does not let go on what people put aside",
        row="61",
        file="emla/flow/member/items.py",
        old="            if leg.state in (LegState.READY, LegState.HELD):",
        new="            if leg.state is LegState.READY:",
        held_by=(f"{_HELD}test_no_hub_lets_go_on_what_people_put_aside",),
    ),
    Safeguard(
        name="whoever plays a package back from elsewhere holds up nobody",
        row="54",
        file="emla/flow/line/accept.py",
        old="        place = (pid, CALLER.get())",
        new='        place = (pid, "")',
        held_by=(
            "tests/unit/flow/test_accept.py::test_whoever_plays_a_package_back_and_lets_it_drip_holds_up_nobody",
        ),
    ),
    Safeguard(
        name="a hub's refusal puts nothing aside that has a line of its own",
        row="28",
        file="emla/flow/line/ways.py",
        old="    if went.hub is None or not peer.card.endpoints or not blame(refusal, own=False).leg:",
        new="    if True:",
        held_by=(
            f"{_HELD}test_no_hub_has_put_aside_what_its_peer_has_a_line_of_its_own_for",
            f"{_HELD}test_no_hub_has_put_aside_an_answer_that_has_a_line_of_its_own",
        ),
    ),
)
