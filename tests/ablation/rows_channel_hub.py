"""Channels compared through a hub: what it plays back, swaps, holds back, and who speaks without end.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_THROUGH = "tests/unit/flow/test_channel_through_hub.py"
_ROOM = "tests/unit/flow/test_hub_room.py"
_HUB = "tests/unit/flow/test_hub_compare.py"

ROWS = (
    Safeguard(
        name="an old status out of a mailbox is no news",
        row="61",
        file="emla/flow/channel/exchange.py",
        old="        return not self._is_old(status) or self.questions.knows(status.sender, status.answers)",
        new="        return True",
        held_by=(f"{_THROUGH}::test_a_hub_that_plays_back_an_old_status_changes_nothing",),
    ),
    Safeguard(
        name="the last status again is not answered again",
        row="61",
        file="emla/flow/member/statuses.py",
        old="if status.nonce == self._last.get(speaker.id) or not",
        new="if not",
        held_by=(f"{_THROUGH}::test_a_hub_that_plays_back_the_last_status_gets_no_second_answer",),
    ),
    Safeguard(
        name="an answer is not answered",
        row="20",
        file="emla/flow/member/statuses.py",
        old="            if status.answers is None:",
        new="            if True:",
        held_by=(
            f"{_THROUGH}::test_a_peer_that_nobody_can_call_is_asked_in_its_mailbox_and_answers_in_ours",
        ),
    ),
    Safeguard(
        name="only an answer to a question of this process counts as asked",
        row="36",
        file="emla/flow/channel/exchange.py",
        old="        is_answer = self.questions.knows(sender.id, status.answers)",
        new="        is_answer = status.answers is not None",
        held_by=(f"{_THROUGH}::test_an_old_answer_does_not_open_a_restored_ledger",),
    ),
    Safeguard(
        name="a status is heard by whom it is for",
        row="57",
        file="emla/flow/channel/exchange.py",
        old='refuse_recipient=lambda recipient: None if recipient == here else "not-recipient",',
        new="refuse_recipient=lambda recipient: None,",
        held_by=(f"{_THROUGH}::test_a_hub_that_swaps_the_statuses_of_two_members_is_not_believed",),
    ),
    Safeguard(
        name="whoever speaks without end is heard a few times a minute",
        row="54",
        file="emla/flow/member/statuses.py",
        old="        if not self._pace.take(speaker.id):",
        new="        if False:",
        held_by=(f"{_THROUGH}::test_a_member_that_floods_is_heard_a_few_times_a_minute",),
    ),
    Safeguard(
        name="a start hears what comes out of its mailbox before it signs",
        row="36",
        file="emla/bootstrap/channels.py",
        old="        async with self._listening():\n            await self.rounds.at_start()\n",
        new="        await self.rounds.at_start()\n",
        held_by=(
            f"{_THROUGH}::test_a_member_that_nobody_can_call_finds_out_before_it_signs_that_it_is_behind",
        ),
    ),
    Safeguard(
        name="a start waits for answers out of its mailbox",
        row="36",
        file="emla/flow/channel/rounds.py",
        old="                    await self._channels.questions.none_open()",
        new="                    pass",
        held_by=(
            f"{_THROUGH}::test_a_member_that_nobody_can_call_finds_out_before_it_signs_that_it_is_behind",
        ),
    ),
    Safeguard(
        name="a hub holds the newest status of a pair",
        row="20",
        file="emla/flow/hub/compare.py",
        old="                deposit, lambda transaction: transaction.make_way(owner, depositor, expires)\n",
        new="                deposit, lambda transaction: True\n",
        held_by=(f"{_HUB}::test_a_newer_status_takes_the_place_of_the_one_before",),
    ),
    Safeguard(
        name="an old status replaces none",
        row="61",
        file="emla/flow/hub/compare.py",
        old="        if last is not None and (last.ref == ref or last.expires > expires):",
        new="        if last is not None and last.ref == ref:",
        held_by=(f"{_HUB}::test_an_old_status_that_is_played_back_replaces_nothing_and_is_held_by_nobody",),
    ),
    Safeguard(
        name="a member that floods a hub with statuses is slowed down",
        row="54",
        file="emla/flow/hub/compare.py",
        old='        if not self._pace.take(f"{depositor} {owner}"):',
        new="        if False:",
        held_by=(f"{_HUB}::test_a_member_that_floods_fills_no_mailbox_and_no_ones_else_time",),
    ),
    Safeguard(
        name="a hub holds statuses for members only",
        row="63",
        file="emla/flow/hub/compare.py",
        old='refuse_recipient=lambda to: None if to in is_known else "unknown-recipient",',
        new="refuse_recipient=lambda to: None,",
        held_by=(f"{_HUB}::test_what_is_not_by_a_member_for_a_member_leaves_nothing",),
    ),
    Safeguard(
        name="what was let go and lost is held again",
        row="86",
        file="emla/flow/hub/deposit.py",
        old="                transaction.forget_ended(owner, kind, ref)",
        new="                pass",
        held_by=(f"{_HUB}::test_an_acknowledgement_that_was_let_go_is_held_again_only_when_it_is_asked_for",),
    ),
    Safeguard(
        name="a package comes back to its sender or its recipient",
        row="65",
        file="emla/flow/hub/compare.py",
        old="        if owner not in (header.sender, header.recipient):",
        new="        if False:",
        held_by=(f"{_HUB}::test_what_does_not_prove_itself_does_not_come_back",),
    ),
    Safeguard(
        name="what comes back through a hub has room like a package",
        row="54",
        file="emla/flow/hub/compare.py",
        old="            self._deposits.quota.room(owner, depositor, size) as come,",
        new='            __import__("contextlib").nullcontext(lambda: None) as come,',
        held_by=(f"{_HUB}::test_a_package_that_comes_back_takes_room_like_any_other",),
    ),
    Safeguard(
        name="no two statuses left at a hub are of one second",
        row="61",
        file="emla/flow/channel/exchange.py",
        old="            if self._mailed.get(peer) == self._gateway.now():",
        new="            if False:",
        held_by=(f"{_THROUGH}::test_two_statuses_left_at_a_hub_are_not_of_one_second",),
    ),
    Safeguard(
        name="what is held once more does not let one member fill a mailbox",
        row="54",
        file="emla/flow/hub/quota.py",
        old="        if given >= limits.member_items_max * factor:",
        new="        if False:",
        held_by=(f"{_HUB}::test_what_is_held_once_more_does_not_let_one_member_fill_a_mailbox",),
    ),
    Safeguard(
        name="what is small fills no hub's disk",
        row="54",
        file="emla/flow/hub/quota.py",
        old="            self._gateway.require_space(size, small=True)\n",
        new="            pass\n",
        held_by=(
            f"{_ROOM}::test_below_the_floor_packages_are_refused_and_below_half_of_it_acknowledgements",
        ),
    ),
    Safeguard(
        name="what is small is taken when packages are not",
        row="54",
        file="emla/flow/gateway.py",
        old=" // (2 if small else 1)",
        new="",
        held_by=(
            f"{_ROOM}::test_below_the_floor_packages_are_refused_and_below_half_of_it_acknowledgements",
        ),
    ),
    Safeguard(
        name="the bytes of what is small are bounded",
        row="54",
        file="emla/flow/hub/quota.py",
        old="            if used and used + size > most * factor:",
        new="            if not small and used and used + size > most:",
        held_by=(f"{_ROOM}::test_the_bytes_of_what_is_small_are_bounded_too",),
    ),
    Safeguard(
        name="a call that comes as another's time ends waits like any other",
        row="a rule",
        file="emla/flow/hub/mailbox.py",
        old="                if not longest.done():  # its time",
        new="                if True:  # its time",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_call_that_comes_as_the_time_of_the_longest_ends_waits_like_any_other",
        ),
    ),
    Safeguard(
        name="nothing is promised that a member may not give",
        row="54",
        file="emla/flow/hub/quota.py",
        old="        elif size > self._gateway.settings.hub.member_bytes_max:",
        new="        elif False:",
        held_by=(
            f"{_ROOM}::test_what_is_larger_than_a_member_may_give_is_refused_at_once_until_the_limit_is_raised",
        ),
    ),
    Safeguard(
        name="no member promises away a hub's disk",
        row="54",
        file="emla/flow/hub/quota.py",
        old="        if promised + size > self._gateway.settings.hub.member_bytes_max:",
        new="        if False:",
        held_by=(f"{_ROOM}::test_no_member_promises_away_the_disk_from_many_addresses",),
    ),
    Safeguard(
        name="what another lets come back is not promised to who signed it",
        row="54",
        file="emla/flow/hub/quota.py",
        old="stack.enter_context(self._promise(depositor, size))",
        new="stack.enter_context(self._promise(member_of(depositor), size))",
        held_by=(f"{_ROOM}::test_what_another_lets_come_back_is_not_promised_to_who_signed_it",),
    ),
    Safeguard(
        name="what another signed is not charged to it",
        row="54",
        file="emla/flow/hub/quota.py",
        old='    return f"{depositor} {owner}"',
        new="    return depositor",
        held_by=(f"{_HUB}::test_whoever_plays_back_what_another_gave_uses_up_nothing_of_its_share",),
    ),
)
