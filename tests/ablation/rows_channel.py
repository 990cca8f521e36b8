"""Channels compared, ledgers that are behind, and what comes back.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_CHANNEL = "tests/unit/flow/test_channel.py"
_BACK = "tests/unit/flow/test_take_back.py"
_CLOSED = "tests/unit/store/sqlite/test_closed.py"
_ROW_36 = "tests/attacks/test_row_36.py"

ROWS = (
    Safeguard(
        name="a closed ledger records nothing about packages",
        row="36",
        file="emla/store/sqlite/transaction.py",
        old="            if kind not in _LATE:\n",
        new="            if False:\n",
        held_by=(f"{_CLOSED}::test_what_is_about_packages_is_refused_and_its_caller_alone_hears_of_it",),
    ),
    Safeguard(
        name="a ledger is closed from the operation on that closes it",
        row="36",
        file="emla/store/sqlite/transaction.py",
        old="        self._closed = closed_code(self._connection)\n        return changed",
        new="        return changed",
        held_by=(f"{_CLOSED}::test_closing_counts_from_the_operation_that_closes",),
    ),
    Safeguard(
        name="what a peer holds is held against our ledger",
        row="36",
        file="emla/flow/ledger_watch.py",
        old="            if self._is_behind(row):",
        new="            if False:",
        held_by=(f"{_ROW_36}::test_a_closed_ledger_stays_closed_over_a_restart",),
    ),
    Safeguard(
        name="a package of ours that we do not know is proof",
        row="36",
        file="emla/flow/ledger_watch.py",
        old="            if each.header is not None and self._is_forgotten(each.header, status.sender):",
        new="            if False:",
        held_by=(f"{_ROW_36}::test_an_old_copy_is_found_out_by_a_package_of_its_own_that_it_does_not_know",),
    ),
    Safeguard(
        name="a restored ledger waits for every peer",
        row="36",
        file="emla/flow/ledger_watch.py",
        old="if self._gateway.ledger_closed() is None or self.unanswered():",
        new="if self._gateway.ledger_closed() is None:",
        held_by=(f"{_ROW_36}::test_a_peer_that_does_not_answer_keeps_a_restored_ledger_closed",),
    ),
    Safeguard(
        name="a ledger that is behind is not opened by answers",
        row="36",
        file="emla/flow/ledger_watch.py",
        old="            if transaction.closed != RESTORED:\n                return False\n",
        new="",
        held_by=(f"{_ROW_36}::test_a_ledger_that_is_behind_is_not_opened_by_answers",),
    ),
    Safeguard(
        name="only our own keys close our ledger",
        row="36",
        file="emla/flow/ledger_watch.py",
        old="return seen_as(own.id, checkpoint, note, at) if checkpoint else None",
        new="return seen_as(own.id, checkpoint or claimed, note, at)",
        held_by=(f"{_CHANNEL}::test_no_peer_closes_our_ledger_by_lying",),
    ),
    Safeguard(
        name="a new epoch begins only where the old one was closed",
        row="36",
        file="emla/flow/recover.py",
        old="    if not closed:\n",
        new="    if False:\n",
        held_by=(f"{_ROW_36}::test_a_ledger_that_is_whole_does_not_begin_a_new_epoch",),
    ),
    Safeguard(
        name="the store ends only a closed ledger",
        row="36",
        file="emla/store/sqlite/transaction.py",
        old="if self._closed is None or self._entries or key.origin == self.key.origin:",
        new="if self._entries:",
        held_by=(f"{_CLOSED}::test_only_a_closed_ledger_ends",),
    ),
    Safeguard(
        name="an epoch that is over does not begin again",
        row="36",
        file="emla/steps/succeed.py",
        old="        if offered.card.epoch < known.card.epoch:",
        new="        if False:",
        held_by=("tests/unit/steps/test_succeed.py::test_an_epoch_that_is_over_does_not_begin_again",),
    ),
    Safeguard(
        name="nothing is accepted a second time after a loss",
        row="86",
        file="emla/flow/open.py",
        old="            if event in events or Event.CONTENT_CONSIGNMENT in events:",
        new="            if False:",
        held_by=(f"{_BACK}::test_what_came_back_is_opened_and_nothing_is_said_about_it_a_second_time",),
    ),
    Safeguard(
        name="what comes back brings our own RelayAcceptance",
        row="86",
        file="emla/steps/verify_return.py",
        old="    if Event.RELAY_ACCEPTANCE not in events or len(set(events)) != len(events):",
        new="    if False:",
        held_by=(f"{_BACK}::test_what_does_not_prove_itself_is_refused_and_leaves_nothing",),
    ),
    Safeguard(
        name="our own package in the epoch in force closes the ledger",
        row="86",
        file="emla/flow/take_back.py",
        old="        if ours and header.epoch >= sender.card.epoch:",
        new="        if False:",
        held_by=(
            f"{_BACK}::test_a_package_of_our_own_in_the_epoch_in_force_that_we_do_not_know_closes_the_ledger",
        ),
    ),
    Safeguard(
        name="a status answers the one that was sent",
        row="8",
        file="emla/flow/channel.py",
        old='if sender.id != peer or not hmac.compare_digest(status.answers or b"", said.nonce):',
        new="if sender.id != peer:",
        held_by=(f"{_CHANNEL}::test_an_answer_to_another_status_is_not_taken",),
    ),
    Safeguard(
        name="a status is signed by the peer that it names",
        row="8",
        file="emla/steps/verify_status.py",
        old="    if key is None or not dsse.verifies(envelope, kid, key.public):",
        new="    if False:",
        held_by=(f"{_CHANNEL}::test_a_status_by_anybody_else_is_refused",),
    ),
    Safeguard(
        name="who says it lost everything gets it once a day",
        row="20",
        file="emla/flow/settle.py",
        old="            if last is not None and now - last < _AGAIN_SECONDS:",
        new="            if False:",
        held_by=(f"{_CHANNEL}::test_a_peer_that_says_it_lost_everything_gets_it_once_a_day",),
    ),
    Safeguard(
        name="gaps are voided by the sender's word",
        row="8",
        file="emla/flow/channel.py",
        old="                transaction.put_voided(each)",
        new="                pass",
        held_by=(f"{_CHANNEL}::test_a_number_that_will_never_come_is_voided_and_the_gap_closes",),
    ),
    Safeguard(
        name="checkpoints of statuses are witnessed",
        row="29",
        file="emla/flow/channel.py",
        old="                transaction.witness(_text(seen.note), now)",
        new="                pass",
        held_by=(f"{_CHANNEL}::test_the_checkpoint_of_a_status_is_witnessed",),
    ),
    Safeguard(
        name="nobody signs before asking",
        row="36",
        file="emla/bootstrap/channels.py",
        old="        await self.rounds.at_start()\n",
        new="        pass\n",
        held_by=("tests/unit/bootstrap/test_restored.py::test_everybody_is_asked_before_anything_is_signed",),
    ),
    Safeguard(
        name="a folder that bears the mark is closed",
        row="36",
        file="emla/bootstrap/channels.py",
        old="        if is_restored(self.gateway.settings.data):",
        new="        if False:",
        held_by=("tests/unit/bootstrap/test_restored.py::test_a_folder_that_bears_the_mark_is_closed",),
    ),
    Safeguard(
        name="what was given up is asked for all the same",
        row="34",
        file="emla/flow/give_up.py",
        old="        transaction.put_unanswered(row.pid, row.recipient)",
        new="        pass",
        held_by=(
            f"{_CHANNEL}::test_the_answer_to_a_package_that_was_given_up_comes_with_the_next_status",
            f"{_CHANNEL}::test_an_answer_that_only_what_was_said_of_the_content_stands_for_comes_too",
        ),
    ),
    Safeguard(
        name="what a hub holds is open, too",
        row="62",
        file="emla/store/sqlite/channel_rows.py",
        old="        which = rows.DUE if state in DUE else f\"state = '{state.value}'\"",
        new="        which = f\"state = '{state.value}'\"",
        held_by=(
            "tests/unit/flow/test_channel_through_hub.py::test_an_acceptance_that_every_hub_lost_comes_with_the_next_status",
        ),
    ),
)
