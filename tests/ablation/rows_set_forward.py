"""A clock that is set forward, and what may not end yet: nothing is lost by it, and nothing is done without pause.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

ROWS = (
    Safeguard(
        name="no key is destroyed by a clock that is set forward",
        row="60",
        file="emla/flow/documents/upkeep.py",
        old="return min(said, int(self._gateway.surely_now()))",
        new="return min(said, self._gateway.now())",
        held_by=(
            "tests/unit/flow/test_keys_and_clocks.py::test_clocks_of_both_sides_that_are_set_forward_destroy_no_key",
        ),
    ),
    Safeguard(
        name="no key is destroyed by our clock alone",
        row="60",
        file="emla/flow/documents/upkeep.py",
        old="return min(said, int(self._gateway.surely_now()))",
        new="return int(self._gateway.surely_now())",
        held_by=(
            "tests/unit/flow/test_keys_and_clocks.py::test_a_start_under_a_wrong_clock_destroys_no_key_until_a_peer_says_the_same",
            "tests/unit/flow/test_keys_and_clocks.py::test_without_a_peer_no_key_is_destroyed",
        ),
    ),
    Safeguard(
        name="no key is destroyed while no other is in force",
        row="60",
        file="emla/flow/documents/upkeep.py",
        old="if not any(own.key(kid, KeyUse.SEAL, now) for kid in held):",
        new="if not held:",
        held_by=(
            "tests/unit/flow/test_keys_and_clocks.py::test_no_key_is_destroyed_while_no_other_is_in_force",
        ),
    ),
    Safeguard(
        name="what was destroyed is not ours any more at once",
        row="48",
        file="emla/flow/documents/upkeep.py",
        old="            self._own.turn()  # at once",
        new="            pass  # at once",
        held_by=(
            "tests/unit/flow/test_keys_and_clocks.py::test_what_was_destroyed_is_not_ours_any_more_whatever_the_clock_says_then",
        ),
    ),
    Safeguard(
        name="a clock that is set forward ends nothing that a hub holds",
        row="60",
        file="emla/flow/hub/sweep.py",
        old="before = int(self._gateway.surely_now()) -",
        new="before = self._gateway.now() -",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_clock_that_is_set_forward_ends_nothing_that_a_hub_holds",
        ),
    ),
    Safeguard(
        name="a hub whose clock is set forward signs no rejection",
        row="60",
        file="emla/flow/hub/deposit.py",
        old='if verified.code == "expired" and not gateway.surely_past(package.header.expires):',
        new="if False:",
        held_by=(
            "tests/unit/flow/test_hub.py::test_a_hub_whose_clock_is_set_forward_rejects_nothing_as_expired",
        ),
    ),
    Safeguard(
        name="what a wrong clock gave up is held again",
        row="60",
        file="emla/flow/hub/deposit.py",
        old="(isinstance(verified, RefusedPackage) or not self._is_given_up(package))",
        new="True",
        held_by=(
            "tests/unit/flow/test_hub_given_up.py::test_what_a_wrong_clock_gave_up_is_held_again_when_it_comes_again",
        ),
    ),
    Safeguard(
        name="what has expired by now is not held again",
        row="60",
        file="emla/flow/hub/deposit.py",
        old="if known and (isinstance(verified, RefusedPackage) or",
        new="if known and (",
        held_by=(
            "tests/unit/flow/test_hub_given_up.py::test_what_a_wrong_clock_gave_up_is_held_again_when_it_comes_again",
        ),
    ),
    Safeguard(
        name="what its owner let go is not held again",
        row="60",
        file="emla/store/sqlite/mailbox_rows.py",
        old="AND ref = ? AND state = 'EXPIRED'\"",
        new="AND ref = ? AND state <> 'HELD'\"",
        held_by=(
            "tests/unit/flow/test_hub_played_back.py::test_what_was_let_go_while_it_came_once_more_is_not_held_again",
        ),
    ),
    Safeguard(
        name="a clock that is set forward ends no draft",
        row="60",
        file="emla/flow/drafts/drafts.py",
        old="read, now = self._gateway.store.read, int(self._gateway.surely_now())",
        new="read, now = self._gateway.store.read, self._gateway.now()",
        held_by=("tests/unit/flow/test_drafts.py::test_a_clock_that_is_set_forward_ends_no_draft",),
    ),
    Safeguard(
        name="what may not end yet is not looked at without pause",
        row="60",
        file="emla/flow/gateway.py",
        old="return float(expires) if now < expires else now + expires - surely",
        new="return float(expires)",
        held_by=(
            "tests/unit/flow/test_hub_held.py::test_what_the_clock_alone_calls_over_is_offered_no_oftener_and_ends_when_it_is_over",
            "tests/unit/flow/test_relay_gate.py::test_what_a_clock_that_is_set_forward_calls_over_waits_until_it_is",
        ),
    ),
    Safeguard(
        name="what is over while the ledger is closed is not looked at without pause",
        row="36",
        file="emla/flow/gateway.py",
        old="if expires is None or surely >= expires:",
        new="if expires is None:",
        held_by=(
            "tests/unit/flow/test_relay_trouble.py::test_while_the_ledger_is_closed_what_is_over_is_not_looked_at_again_and_again",
        ),
    ),
    Safeguard(
        name="what a hub holds is looked at in time for its expiry",
        row="24",
        file="emla/flow/line/hub_held.py",
        old="return at if ends is None else min(at, ends)",
        new="return at",
        held_by=(
            "tests/unit/flow/test_hub_held.py::test_what_the_clock_alone_calls_over_is_offered_no_oftener_and_ends_when_it_is_over",
        ),
    ),
    Safeguard(
        name="a missing hub is nobody's refusal, whatever the clock says",
        row="60",
        file="emla/flow/line/deliver.py",
        old="if leg.expires is None or not self._gateway.surely_past(leg.expires):",
        new="if leg.expires is None or self._gateway.now() < leg.expires:",
        held_by=(
            "tests/unit/flow/test_hub_held.py::test_without_a_pinned_hub_it_waits_and_says_who_must_act",
        ),
    ),
    Safeguard(
        name="what waits for a forgotten peer expires",
        row="24",
        file="emla/flow/line/deliver.py",
        old="        if leg.expires is None or not self._gateway.surely_past(leg.expires):\n",
        new="        if True:\n",
        held_by=(
            "tests/unit/flow/test_relay_gate.py::test_what_waits_for_a_peer_that_was_forgotten_says_so_and_expires",
        ),
    ),
)
