"""The hub: signed calls, deposits, mailboxes, what lets a package go.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_CALL = "emla/steps/verify_call.py"
_MAILBOX = "emla/flow/hub/mailbox.py"
_PLAYED = "tests/unit/flow/test_hub_played_back.py"
_HUB = "emla/flow/hub/deposit.py"
_PAYLOAD = "emla/flow/hub/payload.py"
_OUT = "tests/unit/flow/test_mailbox.py::"
_SHOWN = (
    "tests/unit/flow/test_hub_compare.py::test_what_a_member_signed_shows_the_hub_how_large_its_ledger_was"
)

ROWS = (
    Safeguard(
        name="a call covers everything",
        row="56",
        file="emla/formats/http_signature.py",
        old='if found is None or found["components"] != _spelled(call):',
        new="if found is None:",
        held_by=("tests/attacks/test_row_56.py::test_a_call_that_is_not_signed_whole_empties_nothing",),
    ),
    Safeguard(
        name="a request line is read in one way",
        row="56",
        file="emla/formats/http_signature.py",
        old='if not _TARGET.fullmatch(f"{call.method}{call.path}{call.query}"):',
        new="if False:",
        held_by=(
            "tests/unit/formats/test_http_signature.py::test_a_request_line_that_could_be_read_in_two_ways_is_refused",
        ),
    ),
    Safeguard(
        name="a call is good at one gateway",
        row="57",
        file=_CALL,
        old="if call.recipient != here:",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_57.py::test_a_call_that_one_hub_was_shown_opens_no_mailbox_at_another",
            "tests/attacks/test_row_56.py::test_a_call_to_another_hub_is_refused",
        ),
    ),
    Safeguard(
        name="a call is good in its time",
        row="56",
        file=_CALL,
        old="    _check_time(signature, now)\n",
        new="",
        held_by=("tests/attacks/test_row_56.py::test_a_call_outside_its_time_empties_nothing",),
    ),
    Safeguard(
        name="a call does not live long",
        row="56",
        file=_CALL,
        old="if not 0 < life <= LIFE_SECONDS_MAX:",
        new="if False:",
        held_by=("tests/unit/steps/test_verify_call.py::test_a_call_outside_its_time_is_refused",),
    ),
    Safeguard(
        name="a call bears the caller's signature",
        row="56",
        file=_CALL,
        old="if key is None or not ed1.verify(key.public, form.call_base(call, signature), sig):",
        new="if key is None:",
        held_by=(
            "tests/unit/steps/test_verify_call.py::test_whatever_is_covered_cannot_be_changed",
            "tests/attacks/test_row_57.py::test_a_call_that_one_hub_was_shown_opens_no_mailbox_at_another",
        ),
    ),
    Safeguard(
        name="a frozen authority calls nothing",
        row="46",
        file=_CALL,
        old="    if sender.frozen:\n",
        new="    if False:\n",
        held_by=(
            "tests/unit/flow/test_hub.py::test_a_frozen_member_deposits_nothing_new_and_collects_nothing",
        ),
    ),
    Safeguard(
        name="a nonce is good once",
        row="56",
        file="emla/flow/hub/nonces.py",
        old="        if signature.nonce in known:\n            return True\n",
        new="",
        held_by=(
            "tests/attacks/test_row_56.py::test_a_nonce_is_good_once",
            "tests/unit/flow/test_nonces.py::test_a_nonce_is_good_once_for_each_authority",
        ),
    ),
    Safeguard(
        name="calls from before a restart count as seen",
        row="56",
        file="emla/flow/hub/nonces.py",
        old="        if signature.created < int(self._clock.now() - (self._clock.steady() - self._began)):\n"
        "            return True\n",
        new="",
        held_by=("tests/attacks/test_row_56.py::test_a_call_from_before_a_restart_is_not_repeated_after_it",),
    ),
    Safeguard(
        name="a clock that was fast at the start of a hub and is right now refuses nobody",
        row="60",
        file="emla/flow/hub/nonces.py",
        old="(self._clock.now() - (self._clock.steady() - self._began))",
        new="(self._began_at)",
        held_by=(
            "tests/unit/flow/test_nonces.py::test_a_clock_that_was_fast_at_the_start_and_was_set_right_refuses_nobody",
        ),
    ),
    Safeguard(
        name="the memory of nonces is bounded for each authority",
        row="56",
        file="emla/flow/hub/nonces.py",
        old="        if len(known) >= NONCES_MAX:\n            self._sweep(known, now)\n",
        new="",
        held_by=(
            "tests/unit/flow/test_nonces.py::test_one_authority_with_too_many_calls_shuts_out_only_itself",
        ),
    ),
    Safeguard(
        name="a mailbox belongs to its owner",
        row="65",
        file=_MAILBOX,
        old="if item.owner != owner:",
        new="if False:",
        held_by=("tests/attacks/test_row_65.py::test_a_member_sees_collects_and_releases_only_its_own",),
    ),
    Safeguard(
        name="a package goes only with a proof",
        row="63",
        file=_MAILBOX,
        old="proof = self._proof(owner, item, release.proof) if item.kind is ItemKind.PACKAGE else None",
        new="proof = None",
        held_by=(
            "tests/attacks/test_row_63.py::test_without_the_owners_own_word_about_this_package_it_stays",
            "tests/attacks/test_row_63.py::test_a_key_that_was_revoked_releases_nothing",
        ),
    ),
    Safeguard(
        name="only RelayAcceptance and RelayRejection are proof",
        row="63",
        file=_MAILBOX,
        old="if claim.acknowledgement.event not in _PROOFS:",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_63.py::test_without_the_owners_own_word_about_this_package_it_stays",
        ),
    ),
    Safeguard(
        name="the proof is about this package",
        row="63",
        file=_MAILBOX,
        old="subject=subject_of(front), witnessed",
        new="subject=None, witnessed",
        held_by=(
            "tests/attacks/test_row_63.py::test_without_the_owners_own_word_about_this_package_it_stays",
        ),
    ),
    Safeguard(
        name="what was let go is answered with its recipient's word",
        row="36",
        file=_HUB,
        old="    (Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION),\n",
        new="",
        held_by=(f"{_OUT}test_what_was_let_go_and_is_given_again_is_answered_with_its_recipients_word",),
    ),
    Safeguard(
        name="a rejection is answered as one",
        row="36",
        file=_HUB,
        old="accepted=found[0] in _ACCEPTED",
        new="accepted=True",
        held_by=(
            f"{_OUT}test_what_was_let_go_and_is_given_again_is_answered_with_its_recipients_word",
            "tests/unit/flow/test_hub.py::test_what_has_expired_is_refused_once_with_a_signature",
        ),
    ),
    Safeguard(
        name="a proof shows how large its owner's ledger was",
        row="36",
        file=_MAILBOX,
        old="                transaction.see_checkpoint(seen_in(proof))\n",
        new="",
        held_by=(_SHOWN,),
    ),
    Safeguard(
        name="an acknowledgement shows how large its issuer's ledger was",
        row="36",
        file=_HUB,
        old="                transaction.see_checkpoint(seen)\n",
        new="                pass\n",
        held_by=(_SHOWN,),
    ),
    Safeguard(
        name="a closed ledger keeps packages and nothing else",
        row="36",
        file=_MAILBOX,
        old="InvalidAcknowledgementError, ConfigurationError)",
        new="InvalidAcknowledgementError)",
        held_by=(f"{_OUT}test_while_the_ledger_is_closed_a_package_stays_and_keeps_nothing_else",),
    ),
    Safeguard(
        name="a payload goes with the last item that has it",
        row="invariant 22",
        file="emla/store/sqlite/mailbox_rows.py",
        old="        ).fetchone():\n            return None\n",
        new="        ).fetchone():\n            pass\n",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_payload_that_two_packages_share_goes_with_the_last_of_them",
        ),
    ),
    Safeguard(
        name="a blob that is arriving is not removed",
        row="invariant 22",
        file=_MAILBOX,
        old="if sha256 is None or deposits.is_arriving(sha256) or",
        new="if sha256 is None or",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_blob_that_is_arriving_again_is_not_removed_with_the_item_that_goes",
        ),
    ),
    Safeguard(
        name="an item outlives its expiry by a week",
        row="invariant 19",
        file="emla/flow/hub/sweep.py",
        old="before = int(self._gateway.surely_now()) - EXPIRY_GRACE_SECONDS",
        new="before = int(self._gateway.surely_now())",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_what_nobody_collects_is_held_a_week_past_its_expiry_and_then_recorded_as_gone",
        ),
    ),
    Safeguard(
        name="a package given up is recorded",
        row="invariant 19",
        file="emla/flow/hub/sweep.py",
        old="                record(transaction)\n",
        new="                pass\n",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_what_nobody_collects_is_held_a_week_past_its_expiry_and_then_recorded_as_gone",
            "tests/faults/test_hub_commits.py::test_an_end_by_time_whose_commit_failed_is_made_again",
        ),
    ),
    Safeguard(
        name="a hub holds for members only",
        row="63",
        file="emla/steps/verify_deposit.py",
        old="if find_member(header.recipient) is None:",
        new="if False:",
        held_by=("tests/unit/flow/test_hub.py::test_what_is_not_by_a_member_for_a_member_leaves_nothing",),
    ),
    Safeguard(
        name="a hub takes no package of its own",
        row="8",
        file="emla/steps/verify_deposit.py",
        old="if header.recipient == hub:",
        new="if False:",
        held_by=("tests/unit/flow/test_hub.py::test_what_is_not_by_a_member_for_a_member_leaves_nothing",),
    ),
    Safeguard(
        name="a hub holds the payload that was signed",
        row="61",
        file=_PAYLOAD,
        old="    if digest != expected:\n",
        new="    if False:\n",
        held_by=("tests/unit/flow/test_hub.py::test_a_payload_that_is_not_the_one_named_leaves_nothing",),
    ),
    Safeguard(
        name="a hub's acceptance is neither side's",
        row="28",
        file="emla/steps/verify_acknowledgement.py",
        old="return acknowledgement.by not in (acknowledgement.sender, acknowledgement.recipient)",
        new="return True",
        held_by=(
            "tests/unit/steps/test_verify_acknowledgement.py::test_each_event_has_one_side_that_may_issue_it",
        ),
    ),
    Safeguard(
        name="a hub deposits no hub's word",
        row="28",
        file=_HUB,
        old="if issuer is None or said.event in ISSUED_BY_HUB:",
        new="if issuer is None:",
        held_by=("tests/unit/flow/test_hub.py::test_an_acknowledgement_that_is_none_leaves_nothing",),
    ),
    Safeguard(
        name="a mailbox has a size",
        row="54",
        file="emla/flow/hub/quota.py",
        old="        self._check(owner, depositor, size, used_for, used_from, small=small)\n",
        new="",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_full_mailbox_refuses_packages_and_takes_acknowledgements",
            "tests/unit/flow/test_mailbox.py::test_bytes_are_counted_for_the_owner_and_from_the_depositor",
        ),
    ),
    Safeguard(
        name="a folder keeps its role",
        row="wrong-role",
        file="emla/bootstrap/running.py",
        old="    if role is Role.HUB and has_lines:\n",
        new="    if False:\n",
        held_by=("tests/unit/bootstrap/test_running.py::test_a_folder_that_was_a_gateway_is_no_hub",),
    ),
    Safeguard(
        name="a hub's folder is no gateway",
        row="wrong-role",
        file="emla/bootstrap/running.py",
        old="    if role is Role.GATEWAY and has_mailboxes:\n",
        new="    if False:\n",
        held_by=("tests/unit/bootstrap/test_running.py::test_a_folder_that_was_a_hub_is_no_gateway",),
    ),
    Safeguard(
        name="no one member fills a mailbox",
        row="54",
        file="emla/model/settings.py",
        old="    member_items_max: int = 25_000",
        new="    member_items_max: int = 100_000",
        held_by=("tests/unit/flow/test_mailbox.py::test_no_one_member_fills_a_mailbox_as_a_hub_is_set_up",),
    ),
    Safeguard(
        name="a hub's sweep waits for the token",
        row="token",
        file="emla/flow/hub/sweep.py",
        old="except ConfigurationError as error:  # the token that signs the leaf of H6 does not answer",
        new="except ZeroDivisionError as error:",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_sweep_waits_for_the_token_and_a_file_that_stays_is_only_left_over",
        ),
    ),
    Safeguard(
        name="a file that stays is no trouble of what was let go",
        row="storage",
        file="emla/flow/stored.py",
        old="    except (StoreError, OSError) as error:",
        new="    except ZeroDivisionError as error:",
        held_by=(
            "tests/unit/flow/test_mailbox.py::test_a_sweep_waits_for_the_token_and_a_file_that_stays_is_only_left_over",
            "tests/unit/flow/test_mailbox.py::test_a_release_stands_although_its_file_cannot_be_removed",
            "tests/unit/flow/test_drafts.py::test_a_file_that_cannot_be_removed_is_said_and_undoes_nothing",
        ),
    ),
    Safeguard(
        name="a header that is played back to a hub holds up no deposit",
        row="54",
        file=_HUB,
        old="place = (package.pid, CALLER.get())",
        new='place = (package.pid, "")',
        held_by=(f"{_PLAYED}::test_a_header_played_back_that_lets_its_payload_drip_holds_up_nobody",),
    ),
    Safeguard(
        name="a header that is played back uses up nothing of a member's share",
        row="54",
        file="emla/flow/hub/quota.py",
        old="caller = None if small else CALLER.get()",
        new="caller = None",
        held_by=(f"{_PLAYED}::test_what_is_on_its_way_from_another_address_uses_up_no_share",),
    ),
    Safeguard(
        name="what comes from many addresses at once does not overrun a share",
        row="54",
        file="emla/flow/hub/quota.py",
        old="yield lambda: stack.enter_context(self._reserved(owner, depositor, size, None))",
        new="yield lambda: None",
        held_by=(f"{_PLAYED}::test_what_has_come_from_many_addresses_does_not_overrun_a_share",),
    ),
    Safeguard(
        name="the space of what comes to a hub is promised",
        row="54",
        file=_PAYLOAD,
        old="with gateway.reservations.hold(depositor, size) as place:",
        new="for place in (Reservation(size),):",
        held_by=(f"{_PLAYED}::test_the_space_of_a_large_payload_is_promised_while_it_comes",),
    ),
)
