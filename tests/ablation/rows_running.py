"""The running gateway: the gate, sealing anew, the end of keys, changes; and what officers sign.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_RESEAL = "tests/unit/flow/test_reseal.py"

ROWS = (
    Safeguard(
        name="a frozen peer is sent nothing",
        row="46",
        file="emla/flow/line/gate.py",
        old=('    if peer.authority.frozen:\n        return "frozen"\n'),
        new="",
        held_by=(
            "tests/integration/test_key_life.py::test_a_frozen_authority_gets_and_gives_nothing_until_its_next_root",
        ),
    ),
    Safeguard(
        name="a stale peer is sent nothing",
        row="43",
        file="emla/flow/line/gate.py",
        old='return "stale-peer" if freshness(peer, now) is Freshness.STALE else None',
        new="return None",
        held_by=(
            "tests/integration/test_key_life.py::test_packages_wait_for_a_peer_that_has_been_silent_for_a_week_and_acknowledgements_do_not",
        ),
    ),
    Safeguard(
        name="a held channel is closed",
        row="45",
        file="emla/flow/line/gate.py",
        old=("    if peer.row.held:\n        return peer.row.held\n"),
        new="",
        held_by=("tests/attacks/test_row_45.py::test_the_channel_is_held_until_people_have_compared_again",),
    ),
    Safeguard(
        name="nothing goes out to a revoked key",
        row="48",
        file="emla/flow/line/gate.py",
        old="if code is None and peer.authority.revoked(header.kid):",
        new="if False:",
        held_by=(
            "tests/integration/test_key_revocation.py::test_packages_that_wait_are_sealed_anew_when_the_recipient_revokes_its_key",
        ),
    ),
    Safeguard(
        name="the proof that it is there is still asked for",
        row="46",
        file="emla/flow/line/gate.py",
        old="return None if code is None or _is_there_already(gateway, pid) else code",
        new="return code",
        held_by=(
            "tests/integration/test_key_revocation.py::test_a_package_accepted_while_its_successor_is_on_its_way_is_delivered_once",
        ),
    ),
    Safeguard(
        name="a package is sealed anew once",
        row="48",
        file="emla/flow/documents/reseal.py",
        old=("            if old is None or old.state not in DUE:\n                return None"),
        new=("            if old is None:\n                return None"),
        held_by=(
            "tests/integration/test_key_revocation.py::test_a_package_accepted_while_its_successor_is_being_made_gets_none",
        ),
    ),
    Safeguard(
        name="what the recipient has is not sealed anew",
        row="48",
        file="emla/flow/documents/reseal.py",
        old="            if delivered_state(transaction.events_of(row.pid)) is not None:",
        new="            if False:",
        held_by=(
            "tests/integration/test_key_revocation.py::test_a_package_that_is_proved_to_be_there_is_not_replaced_and_only_its_acceptance_is_asked_for",
        ),
    ),
    Safeguard(
        name="the old leg ends when the new begins",
        row="48",
        file="emla/flow/documents/reseal.py",
        old="            transaction.move_leg(old.id, old.state, LegState.REPLACED)\n",
        new="",
        held_by=(
            "tests/integration/test_key_revocation.py::test_packages_that_wait_are_sealed_anew_when_the_recipient_revokes_its_key",
        ),
    ),
    Safeguard(
        name="a package sealed anew names the old one",
        row="48",
        file="emla/flow/documents/reseal.py",
        old="            replaces=pid,\n",
        new="",
        held_by=(
            "tests/integration/test_key_revocation.py::test_packages_that_wait_are_sealed_anew_when_the_recipient_revokes_its_key",
        ),
    ),
    Safeguard(
        name="only what is sealed to a key that is gone is sealed anew",
        row="48",
        file="emla/flow/documents/reseal.py",
        old="if self._is_in_vain(leg, row, header, authority):",
        new="if True:",
        held_by=(
            "tests/integration/test_key_life.py::test_a_frozen_authority_gets_and_gives_nothing_until_its_next_root",
        ),
    ),
    Safeguard(
        name="what the gate keeps back is sealed anew",
        row="48",
        file="emla/flow/line/deliver.py",
        old="                gateway.signals.key_gone(peer.id)\n",
        new="                pass\n",
        held_by=(
            f"{_RESEAL}::test_what_was_being_sealed_when_the_revocation_came_is_sealed_anew",
            f"{_RESEAL}::test_what_was_put_aside_when_the_revocation_came_is_sealed_anew_once_it_is_released",
            f"{_RESEAL}::test_what_waits_when_a_person_imports_the_revocation_is_sealed_anew",
        ),
    ),
    Safeguard(
        name="the gate tells who seals anew",
        row="48",
        file="emla/bootstrap/line.py",
        old="    gateway.signals.key_gone = reseal.put_off\n",
        new="",
        held_by=(
            "tests/simulation/test_keys_and_rot.py::test_what_was_not_seen_when_the_revocation_came_is_sealed_anew_when_the_relay_meets_it",
        ),
    ),
    Safeguard(
        name="what was refused for its key is looked at again",
        row="86",
        file="emla/flow/line/deliver.py",
        old="            signals.key_gone(peer.id)\n",
        new="            pass\n",
        held_by=(f"{_RESEAL}::test_what_is_refused_after_the_next_card_came_is_sealed_anew_within_a_minute",),
    ),
    Safeguard(
        name="a key that a card ends opens what still comes",
        row="86",
        file="emla/flow/documents/reseal.py",
        old="leg.last_code == _UNKNOWN and authority.key(",
        new="authority.key(",
        held_by=(
            f"{_RESEAL}::test_what_a_key_that_a_card_ends_is_to_open_arrives_as_it_is_while_nobody_refuses_it",
        ),
    ),
    Safeguard(
        name="a lost key is one that its card has ended",
        row="86",
        file="emla/flow/documents/reseal.py",
        old=" and authority.key(header.kid, KeyUse.SEAL, self._gateway.now()) is None:",
        new=":",
        held_by=(f"{_RESEAL}::test_what_a_lost_key_was_to_open_is_sealed_anew_when_the_next_card_is_out",),
    ),
    Safeguard(
        name="what a lost key was to open is sealed anew",
        row="86",
        file="emla/flow/documents/reseal.py",
        old="if leg.last_code == _UNKNOWN and authority",
        new="if False and authority",
        held_by=(
            f"{_RESEAL}::test_what_a_lost_key_was_to_open_is_sealed_anew_when_the_next_card_is_out",
            f"{_RESEAL}::test_what_is_refused_after_the_next_card_came_is_sealed_anew_within_a_minute",
        ),
    ),
    Safeguard(
        name="what seemed too late is looked at again",
        row="48",
        file="emla/flow/documents/reseal.py",
        old="            self._put_off.add(row.recipient)\n",
        new="",
        held_by=(
            f"{_RESEAL}::test_what_seemed_too_late_by_a_clock_that_was_ahead_is_sealed_anew_when_it_is_set_right",
        ),
    ),
    Safeguard(
        name="a damaged record keeps back no other package",
        row="48",
        file="emla/flow/documents/reseal.py",
        old='            logger.error("record unreadable", extra={"peer": row.recipient, "pid": row.pid.hex()})\n            return False\n',
        new='            raise StoreError("store-failed", "A record does not open with the content key.")\n',
        held_by=(f"{_RESEAL}::test_one_record_that_the_disk_has_damaged_keeps_back_no_other_package",),
    ),
    Safeguard(
        name="what is sealed anew is not looked for again",
        row="48",
        file="emla/flow/documents/reseal.py",
        old="        self._put_off.discard(peer)\n",
        new="",
        held_by=(f"{_RESEAL}::test_what_is_sealed_anew_is_not_looked_for_each_minute_ever_after",),
    ),
    Safeguard(
        name="a key lives while packages may come",
        row="48",
        file="emla/flow/documents/key_life.py",
        old="    return key.not_after + WIRE.expiry_seconds_max",
        new="    return key.not_after",
        held_by=(
            "tests/integration/test_key_life.py::test_the_private_half_of_a_sealing_key_is_destroyed_when_nothing_can_arrive_for_it",
        ),
    ),
    Safeguard(
        name="a key over is destroyed",
        row="48",
        file="emla/flow/documents/upkeep.py",
        old="destroyed += await asyncio.to_thread(self._keys.destroy, KeyUse.SEAL, key.kid)",
        new="destroyed += 0",
        held_by=(
            "tests/integration/test_key_life.py::test_the_private_half_of_a_sealing_key_is_destroyed_when_nothing_can_arrive_for_it",
        ),
    ),
    Safeguard(
        name="no key is destroyed before its event",
        row="48",
        file="emla/flow/documents/upkeep.py",
        old=(
            "                await self._gateway.store.write(\n"
            '                    event(self._gateway, KEY_DESTROYED, {"use": key.use.value, "kid": key.kid})\n'
            "                )\n"
        ),
        new="                pass\n",
        held_by=(
            "tests/integration/test_key_life.py::test_the_private_half_of_a_sealing_key_is_destroyed_when_nothing_can_arrive_for_it",
        ),
    ),
    Safeguard(
        name="no key is destroyed under a waiting package",
        row="48",
        file="emla/flow/documents/upkeep.py",
        old=("            if key.kid in waiting:\n                continue"),
        new=("            if False:\n                continue"),
        held_by=(
            "tests/integration/test_key_life.py::test_a_sealing_key_is_kept_while_something_accepted_is_not_opened_and_a_crash_records_it_once",
        ),
    ),
    Safeguard(
        name="one destruction has one event",
        row="48",
        file="emla/flow/documents/upkeep.py",
        old="            if not self._recorded(key.kid):",
        new="            if True:",
        held_by=(
            "tests/integration/test_key_life.py::test_a_sealing_key_is_kept_while_something_accepted_is_not_opened_and_a_crash_records_it_once",
        ),
    ),
    Safeguard(
        name="two officers stand for what is published",
        row="75",
        file="emla/flow/documents/changes.py",
        old="        verify_change(change.row.type, sha256, [each.signed for each in change.approvals], officers)\n",
        new="",
        held_by=("tests/integration/test_key_life.py::test_a_change_needs_two_officers",),
    ),
    Safeguard(
        name="a card lists keys that are here",
        row="75",
        file="emla/flow/documents/changes.py",
        old="            self._check_keys(_decoded(form.decode_card, card))\n",
        new="",
        held_by=(
            "tests/integration/test_key_life.py::test_a_card_whose_private_key_is_not_here_is_not_published",
        ),
    ),
    Safeguard(
        name="a card of ours takes back nothing that a key has signed",
        row="36",
        file="emla/flow/documents/card_keys.py",
        old="    if after.not_after < min(before.not_after, now + 1):",
        new="    if False:",
        held_by=(
            "tests/integration/test_taken_back.py::test_a_card_that_ends_a_key_before_it_signed_is_not_published",
            "tests/unit/flow/test_card_keys.py::test_a_key_ends_later_than_now_and_not_in_the_past_or_the_present_second",
        ),
    ),
    Safeguard(
        name="other signatures make of a root no other root",
        row="36",
        file="emla/bootstrap/audit_issuers.py",
        old="    return [decode_signed(each, PayloadType.ROOT).payload for each in documents.roots]",
        new="    return list(documents.roots)",
        held_by=(
            "tests/integration/test_taken_back.py::test_a_peer_whose_card_denies_what_it_signed_takes_nothing_back_that_was_stored",
        ),
    ),
    Safeguard(
        name="who was forgotten and is pinned anew has signed what it signed",
        row="36",
        file="emla/bootstrap/audit_issuers.py",
        old="(*forgotten, *self._as_it_stood(by))",
        new="self._as_it_stood(by)",
        held_by=(
            "tests/integration/test_taken_back.py::test_a_peer_that_lost_its_root_and_is_pinned_anew_has_signed_what_it_signed",
        ),
    ),
    Safeguard(
        name="a peer's newer card takes back nothing that was stored",
        row="36",
        file="emla/bootstrap/audit_issuers.py",
        old="(*forgotten, *self._as_it_stood(by))",
        new="forgotten",
        held_by=(
            "tests/integration/test_taken_back.py::test_a_peer_whose_card_denies_what_it_signed_takes_nothing_back_that_was_stored",
        ),
    ),
    Safeguard(
        name="what cannot be published is not proposed",
        row="42",
        file="emla/flow/documents/changes.py",
        old="        self._check_next(kind, payload)\n",
        new="",
        held_by=(
            "tests/integration/test_key_life.py::test_what_could_never_be_published_is_not_even_proposed",
        ),
    ),
    Safeguard(
        name="what is signed is what was approved",
        row="75",
        file="emla/flow/documents/changes.py",
        old="        if sha256 not in documents:",
        new="        if False:",
        held_by=("tests/integration/test_key_life.py::test_an_approved_change_does_not_publish_another_one",),
    ),
    Safeguard(
        name="an officer does not approve the own proposal",
        row="75",
        file="emla/flow/documents/changes.py",
        old="        if any(each.officer == said.officer and each.signed != approval for each in change.approvals):",
        new="        if False:",
        held_by=("tests/integration/test_key_life.py::test_a_change_needs_two_officers",),
    ),
    Safeguard(
        name="the event of a destruction comes first",
        row="48",
        file="emla/flow/documents/upkeep.py",
        old=(
            "            if not self._recorded(key.kid):\n"
            "                # K6\n"
            "                await self._gateway.store.write(\n"
            '                    event(self._gateway, KEY_DESTROYED, {"use": key.use.value, "kid": key.kid})\n'
            "                )\n"
            "            destroyed += await asyncio.to_thread(self._keys.destroy, KeyUse.SEAL, key.kid)\n"
        ),
        new=(
            "            destroyed += await asyncio.to_thread(self._keys.destroy, KeyUse.SEAL, key.kid)\n"
            "            if not self._recorded(key.kid):\n"
            "                # K6\n"
            "                await self._gateway.store.write(\n"
            '                    event(self._gateway, KEY_DESTROYED, {"use": key.use.value, "kid": key.kid})\n'
            "                )\n"
        ),
        held_by=(
            "tests/integration/test_key_life.py::test_a_sealing_key_is_kept_while_something_accepted_is_not_opened_and_a_crash_records_it_once",
        ),
    ),
    Safeguard(
        name="nothing is signed unasked",
        row="46",
        file="emla/cli/media_key.py",
        old=(
            "    if not at_terminal():\n"
            '        raise click.UsageError("There is no terminal to ask at: give --yes when you know what is signed.")\n'
            "    if not click.confirm(question, default=False, err=True):\n"
            "        raise click.Abort"
        ),
        new="    return",
        held_by=("tests/unit/cli/test_root.py::test_without_a_terminal_nothing_is_signed_unasked",),
    ),
    Safeguard(
        name="a wake is not lost on a leg that is being postponed",
        row="31",
        file="emla/flow/line/relay.py",
        old="if isinstance(outcome, Refusal) and self._resumed != resumed and not self._waits_for_news(outcome):",
        new="if False:",
        held_by=("tests/unit/flow/test_relay.py::test_a_wake_is_not_lost_on_a_leg_that_is_being_postponed",),
    ),
    Safeguard(
        name="what the root signed is what was prepared here",
        row="41",
        file="emla/bootstrap/initialise.py",
        old="if drafts[0].payload != drafts[1].payload:",
        new="if False:",
        held_by=(
            "tests/integration/test_offline_root.py::test_documents_that_were_not_prepared_here_complete_nothing",
        ),
    ),
)
