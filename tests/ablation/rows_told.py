"""What case systems are told: nothing is missed, nothing is told that is not for the reader, no reader holds
anybody up, and nothing is posted to where nobody allowed it.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_FEED = "tests/unit/flow/test_happenings.py"
_ROWS = "tests/attacks/test_rows_73_74.py"
_API = "tests/unit/web/test_events_api.py"
_DRAFTS = "tests/unit/flow/test_drafts.py"
_HOOKS = "tests/unit/flow/test_webhooks.py"
_TURNS = "tests/unit/flow/test_webhook_turns.py"
_OWNERS = "tests/unit/flow/test_webhook_owners.py"
_TARGETS = "tests/unit/transport/test_webhooks.py"

ROWS = (
    Safeguard(
        name="a place of a ledger that went on differently is refused",
        row="ADR 0044",
        file="emla/flow/happenings/feed.py",
        old="            if here == (after,):",
        new="            if here:",
        held_by=(f"{_FEED}::test_a_place_of_a_ledger_that_went_on_differently_is_refused",),
    ),
    Safeguard(
        name="what was committed between a step and its wait is not waited for",
        row="ADR 0044",
        file="emla/flow/happenings/feed.py",
        old="        if self._version != version or self.ended:",
        new="        if self.ended:",
        held_by=(f"{_FEED}::test_who_waits_is_woken_by_a_commit_and_by_nothing_else_but_the_end",),
    ),
    Safeguard(
        name="an operator is told of no case",
        row="row 74",
        file="emla/flow/happenings/sight.py",
        old="    return happening if caller.sees_all_cases else replace(happening, case_id=None)",
        new="    return happening",
        held_by=(f"{_FEED}::test_who_is_told_what",),
    ),
    Safeguard(
        name="a prosecutor is told of own cases alone",
        row="row 73",
        file="emla/flow/happenings/sight.py",
        old="    if not every_envelope or (happening.pid is None and happening.case_id is not None):",
        new="    if happening.pid is None and happening.case_id is not None:",
        held_by=(
            f"{_FEED}::test_who_is_told_what",
            f"{_ROWS}::test_events_tell_a_prosecutor_of_own_cases_and_an_operator_of_no_case",
        ),
    ),
    Safeguard(
        name="who sees envelopes alone is told of no draft",
        row="row 74",
        file="emla/flow/happenings/sight.py",
        old="    if happening.type.family == DRAFTS and not caller.sees_all_cases:",
        new="    if False:",
        held_by=(
            f"{_DRAFTS}::test_what_becomes_of_drafts_is_told_to_their_drafter_and_to_who_sees_all_cases",
        ),
    ),
    Safeguard(
        name="a token that ends ends its stream",
        row="row 74",
        file="emla/web/rights.py",
        old="        caller, _ = self._tokens.caller(_bearer(http_request))",
        new="        caller = caller_of(http_request)",
        held_by=(
            f"{_API}::test_a_token_that_ends_ends_its_stream_and_what_is_not_for_the_caller_is_never_sent",
        ),
    ),
    Safeguard(
        name="a reader that does not read is cut",
        row="ADR 0044",
        file="emla/web/events_api.py",
        old="        async with asyncio.timeout(self._limits.patience_seconds):\n            await response.write(data)",
        new="        async with asyncio.timeout(3600):\n            await response.write(data)",
        held_by=(f"{_API}::test_a_reader_that_does_not_read_is_cut_and_holds_nobody_up",),
    ),
    Safeguard(
        name="events are posted to hosts that the operator named",
        row="ADR 0050",
        file="emla/transport/webhooks.py",
        old='        if f"{named}:{port}" not in self._hosts and not (parsed.is_default_port() and named in self._hosts):',
        new="        if False:",
        held_by=(f"{_TARGETS}::test_any_other_address_is_refused_before_it_is_resolved",),
    ),
    Safeguard(
        name="a number or plain http leads a webhook nowhere",
        row="ADR 0050",
        file="emla/transport/webhooks.py",
        old="        if not (is_near and self._settings.allow_loopback):",
        new="        if False:",
        held_by=(
            f"{_TARGETS}::test_a_number_is_this_machine_and_only_where_a_setting_says_so",
            f"{_TARGETS}::test_a_name_without_tls_is_refused_also_where_this_machine_may_be_called",
        ),
    ),
    Safeguard(
        name="a named host that leads inside is not called",
        row="ADR 0050",
        file="emla/transport/webhooks.py",
        old="                resolver=VettingResolver(\n"
        "                    allow_loopback=settings.allow_loopback, allow_private=settings.allow_private_addresses\n"
        "                ),\n",
        new="",
        held_by=(f"{_TARGETS}::test_a_name_that_leads_where_it_must_not_is_not_followed",),
    ),
    Safeguard(
        name="a redirect is not followed",
        row="ADR 0050",
        file="emla/transport/webhooks.py",
        old="headers=fields, allow_redirects=False)",
        new="headers=fields, allow_redirects=True)",
        held_by=(f"{_TARGETS}::test_a_redirect_is_an_answer_and_not_followed",),
    ),
    Safeguard(
        name="a webhook's signature covers the address",
        row="ADR 0050",
        file="emla/formats/webhook.py",
        old='_COMPONENTS = ("@method", "@target-uri", "content-digest", "content-type", "emla-webhook")',
        new='_COMPONENTS = ("@method", "content-digest", "content-type", "emla-webhook")',
        held_by=("tests/unit/formats/test_webhook.py::test_the_example_of_the_specification_is_computed",),
    ),
    Safeguard(
        name="the place of a webhook moves after the answer",
        row="ADR 0050",
        file="emla/flow/happenings/tell.py",
        old="            pause = await self._posted(webhook, at, compact(encode_happening(said)), failures)",
        new="            at.answered(said.place, self._gateway.now())\n"
        "            await self._keep(webhook_id, at)\n"
        "            pause = await self._posted(webhook, at, compact(encode_happening(said)), failures)",
        held_by=(
            f"{_HOOKS}::test_a_place_moves_only_after_the_answer_so_a_crash_between_them_posts_the_same_again",
        ),
    ),
    Safeguard(
        name="who is shut out is posted nothing",
        row="row 74",
        file="emla/flow/happenings/tell.py",
        old="    if person is None or person.id != webhook.person or person.state is not PersonState.ACTIVE:",
        new="    if person is None:",
        held_by=(
            f"{_OWNERS}::test_whoever_is_invited_anew_or_shut_out_finds_every_webhook_paused_and_those_of_others_not",
        ),
    ),
    Safeguard(
        name="after a restore a webhook waits for a person",
        row="ADR 0050",
        file="emla/flow/happenings/tell.py",
        old="        if self._gateway.ledger_closed() in _CLOSED_BY_RESTORE:",
        new="        if False:",
        held_by=(f"{_HOOKS}::test_after_a_restore_nothing_is_posted_before_a_person_says_from_where_on",),
    ),
    Safeguard(
        name="a webhook that has much behind it lets others run",
        row="ADR 0050",
        file="emla/flow/happenings/tell.py",
        old="            if first:\n                await asyncio.sleep(0)\n",
        new="",
        held_by=(f"{_TURNS}::test_a_webhook_that_has_much_behind_it_holds_up_nobody",),
    ),
    Safeguard(
        name="where every token of a person ends the webhooks pause",
        row="row 74",
        file="emla/flow/people/people.py",
        old="                _pause_webhooks(transaction, person.id, at)\n",
        new="",
        held_by=(
            f"{_OWNERS}::test_whoever_is_invited_anew_or_shut_out_finds_every_webhook_paused_and_those_of_others_not",
        ),
    ),
    Safeguard(
        name="only its own person has a webhook skip events",
        row="ADR 0050",
        file="emla/flow/happenings/webhooks.py",
        old="    if by.id != webhook.person and after != webhook.place:",
        new="    if False:",
        held_by=(
            f"{_OWNERS}::test_only_its_own_person_has_a_webhook_skip_events_and_the_ledger_says_from_where_on",
        ),
    ),
    Safeguard(
        name="one person does not use up the webhooks of all",
        row="ADR 0050",
        file="emla/flow/happenings/webhooks.py",
        old="    if sum(each.person == by.id for each in webhooks) >= WEBHOOKS_OF_ONE_MAX:",
        new="    if False:",
        held_by=(f"{_OWNERS}::test_there_are_only_so_many_and_one_person_has_only_some_of_them",),
    ),
    Safeguard(
        name="a late answer does not undo where a person put a webhook",
        row="ADR 0050",
        file="emla/store/sqlite/webhook_rows.py",
        old="WHERE id = ?1 AND place IS ?2 AND paused IS NULL",
        new="WHERE id = ?1 AND (1 OR place IS ?2) AND paused IS NULL",
        held_by=(
            f"{_HOOKS}::test_a_late_word_that_a_place_was_answered_for_does_not_undo_where_a_person_put_it",
        ),
    ),
)
