"""A member's own mailbox: what comes slowly, what stays, and what may have been taken before a loss.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_LINE = "tests/unit/transport/test_hub.py::"
_PACE = "tests/unit/flow/test_collect_pace.py::"
_RESTORED = "tests/unit/flow/test_restored_member.py::"
_SLOW = "tests/unit/flow/test_collect_slow_hub.py::"

ROWS = (
    Safeguard(
        name="what one hub lets drip is taken from another",
        row="61",
        file="emla/flow/member/collect.py",
        old='        CALLER.set(f"hub {self._hub}")',
        new='        CALLER.set("")',
        held_by=(f"{_SLOW}test_what_one_hub_lets_drip_is_taken_from_another",),
    ),
    Safeguard(
        name="what a hub is still to send keeps no stop waiting",
        row="20",
        file="emla/flow/member/collect.py",
        old="            item.cancel()",
        new="            pass",
        held_by=(
            f"{_SLOW}test_what_has_not_come_when_a_hub_is_let_go_is_not_waited_for",
            f"{_SLOW}test_a_stop_takes_nothing_more_out_of_any_mailbox",
        ),
    ),
    Safeguard(
        name="nothing is fetched after the end of a mailbox",
        row="20",
        file="emla/flow/member/collect.py",
        old='            raise TransportError("stopping", f"The mailbox at {self._hub} has ended.")',
        new="            pass",
        held_by=(f"{_SLOW}test_a_body_is_not_begun_to_be_read_after_the_end",),
    ),
    Safeguard(
        name="all exchanges of one item together have an end",
        row="20",
        file="emla/transport/hub.py",
        old="asyncio.timeout_at(self._ends_at)",
        new="asyncio.timeout_at(None)",
        held_by=(f"{_LINE}test_a_line_that_gets_on_by_a_byte_each_time_ends_it",),
    ),
    Safeguard(
        name="a hub that does not wait is asked more slowly",
        row="20",
        file="emla/flow/member/collect.py",
        old="            await self._rest(self._hasty)",
        new="            await asyncio.sleep(0)",
        held_by=(f"{_PACE}test_a_hub_that_does_not_wait_is_asked_ever_more_slowly_until_it_does",),
    ),
    Safeguard(
        name="what arrives is seen while a round goes over what stays",
        row="61",
        file="emla/flow/member/collect.py",
        old="            if not is_whole and after < self._end:",
        new="            if False:",
        held_by=(f"{_PACE}test_what_arrives_while_a_round_goes_over_what_stays_is_seen_between_its_pages",),
    ),
    Safeguard(
        name="only what was not tried before slows a mailbox down",
        row="61",
        file="emla/flow/member/collect.py",
        old="        self._useless += not failures",
        new="        self._useless += 1",
        held_by=(f"{_PACE}test_only_what_was_not_tried_before_slows_a_mailbox_down",),
    ),
    Safeguard(
        name="what stays is looked at ever more seldom",
        row="20",
        file="emla/flow/backoff.py",
        old="HUB_CAP_SECONDS, BASE_SECONDS * 2.0 ** min(max(failures, 1) - 1, _DOUBLINGS_MAX)",
        new="HUB_CAP_SECONDS, 3600.0",
        held_by=(f"{_PACE}test_what_stays_is_looked_at_ever_more_seldom_down_to_once_a_day",),
    ),
    Safeguard(
        name="what is looked at seldom begins no round",
        row="20",
        file="emla/flow/member/collect.py",
        old=" if each.failures <= _OFTEN_MAX)",
        new=")",
        held_by=(f"{_PACE}test_what_is_looked_at_seldom_begins_no_round",),
    ),
    Safeguard(
        name="rounds over a long list begin the further apart",
        row="20",
        file="emla/flow/member/collect.py",
        old="_APART_SECONDS * pages",
        new="_APART_SECONDS",
        held_by=(f"{_PACE}test_rounds_over_a_long_list_begin_the_further_apart",),
    ),
    Safeguard(
        name="what our own trouble keeps is looked at within the hour",
        row="61",
        file="emla/flow/member/collect.py",
        old="            if isinstance(error, ConfigurationError | StoreError):",
        new="            if False:",
        held_by=(f"{_PACE}test_what_our_own_trouble_keeps_is_looked_at_within_the_hour",),
    ),
    Safeguard(
        name="what stays is looked at again when somebody is pinned",
        row="61",
        file="emla/flow/member/mailboxes.py",
        old="            mailbox.look_again()",
        new="            pass",
        held_by=(f"{_PACE}test_what_stays_is_looked_at_again_when_somebody_is_pinned",),
    ),
    Safeguard(
        name="documents that are new to a clock that is behind stay",
        row="61",
        file="emla/flow/member/items.py",
        old='            if error.code == "clock-skew":',
        new="            if False:",
        held_by=(f"{_PACE}test_documents_that_a_clock_that_is_behind_cannot_take_yet_stay",),
    ),
    Safeguard(
        name="what may have been accepted before a loss is not accepted out of a mailbox",
        row="a rule",
        file="emla/flow/member/items.py",
        old="            self.earlier.check(item.item, item.ref, signed)",
        new="            pass",
        held_by=(
            f"{_RESTORED}test_what_was_accepted_before_the_loss_is_not_accepted_again_but_comes_back",
            f"{_RESTORED}test_what_its_sender_says_nobody_has_answered_is_accepted",
        ),
    ),
    Safeguard(
        name="what was said before the epoch began says nothing",
        row="a rule",
        file="emla/flow/member/earlier.py",
        old="if said is not None and said.at >= until:",
        new="if said is not None:",
        held_by=(f"{_RESTORED}test_what_a_sender_said_or_made_before_the_epoch_began_says_nothing",),
    ),
    Safeguard(
        name="the clock of a sender may be ahead of the epoch",
        row="a rule",
        file="emla/flow/member/earlier.py",
        old="began[0].at + WIRE.clock_skew_seconds",
        new="began[0].at",
        held_by=(f"{_RESTORED}test_what_a_sender_said_or_made_before_the_epoch_began_says_nothing",),
    ),
    Safeguard(
        name="what its sender says is open is accepted",
        row="a rule",
        file="emla/flow/member/earlier.py",
        old="if pid in said.open or",
        new="if False or",
        held_by=(
            f"{_RESTORED}test_what_its_sender_says_nobody_has_answered_is_accepted",
            f"{_RESTORED}test_what_a_sender_said_or_made_before_the_epoch_began_says_nothing",
        ),
    ),
    Safeguard(
        name="what its sender does not know any more is accepted",
        row="a rule",
        file="emla/flow/member/earlier.py",
        old=" or within(header.seq, lost):",
        new=":",
        held_by=(f"{_RESTORED}test_what_a_sender_said_or_made_before_the_epoch_began_says_nothing",),
    ),
    Safeguard(
        name="what is made after the epoch began waits for nobody",
        row="a rule",
        file="emla/flow/member/earlier.py",
        old="if header.created >= until:",
        new="if False:",
        held_by=(f"{_RESTORED}test_what_is_made_after_the_epoch_began_waits_for_nobody",),
    ),
    Safeguard(
        name="nothing of a mailbox is judged by a ledger that is closed",
        row="a rule",
        file="emla/flow/member/earlier.py",
        old="        self._gateway.require_ledger()  # first",
        new="        pass  # first",
        held_by=(f"{_RESTORED}test_what_a_sender_said_or_made_before_the_epoch_began_says_nothing",),
    ),
    Safeguard(
        name="what waits for a word is looked at when it has come",
        row="a rule",
        file="emla/bootstrap/hubs.py",
        old="lambda peer: collect.look_again(items.earlier.spoke(peer))",
        new="lambda peer: None",
        held_by=(f"{_RESTORED}test_what_waits_for_its_senders_word_is_looked_at_when_that_has_come",),
    ),
    Safeguard(
        name="who waits for a status is told",
        row="a rule",
        file="emla/flow/channel/exchange.py",
        old="        gateway.signals.spoke(sender.id)",
        new="        pass",
        held_by=(f"{_RESTORED}test_what_waits_for_its_senders_word_is_looked_at_when_that_has_come",),
    ),
    Safeguard(
        name="what fills an honest hub hardly slows a start down",
        row="61",
        file="emla/flow/member/collect.py",
        old="max(1, pages - _REMEMBERED_MAX // ITEMS_IN_ANSWER_MAX)",
        new="pages",
        held_by=(
            f"{_PACE}test_what_fills_an_honest_hub_slows_a_start_down_by_a_second_or_two_for_each_page",
        ),
    ),
)
