"""The line: addresses, answers, the import of a peer, documents that are pushed and fetched.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

_PEERS = "tests/unit/flow/test_peers.py"

ROWS = (
    Safeguard(
        name="only https without user or query",
        row="50",
        file="emla/transport/addresses.py",
        old='if parsed.scheme != "https" or parsed.user or parsed.password or parsed.query_string or not parsed.host:',
        new="if False:",
        held_by=(
            "tests/attacks/test_row_50.py::test_an_address_that_is_none_is_refused_before_anything_is_resolved",
        ),
    ),
    Safeguard(
        name="no port of other services",
        row="50",
        file="emla/transport/addresses.py",
        old="if parsed.port in _PORTS_REFUSED:",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_50.py::test_an_address_that_is_none_is_refused_before_anything_is_resolved",
        ),
    ),
    Safeguard(
        name="no number instead of a host",
        row="50",
        file="emla/transport/addresses.py",
        old="if not (allow_loopback and _is_near(literal)):",
        new="if False:",
        held_by=(
            "tests/attacks/test_row_50.py::test_an_address_that_is_none_is_refused_before_anything_is_resolved",
        ),
    ),
    Safeguard(
        name="link-local is never near",
        row="50",
        file="emla/transport/addresses.py",
        old="        address.is_link_local\n        or address.is_unspecified",
        new="        address.is_unspecified",
        held_by=(
            "tests/unit/transport/test_https.py::test_link_local_addresses_are_never_contacted_even_where_loopback_is_allowed",
        ),
    ),
    Safeguard(
        name="a name leads to public addresses only",
        row="50",
        file="emla/transport/addresses.py",
        old="            if not _is_public(address) and not is_allowed:",
        new="            if False:",
        held_by=("tests/attacks/test_row_50.py::test_a_name_that_leads_to_this_machine_is_not_contacted",),
    ),
    Safeguard(
        name="an address is judged by where it ends",
        row="50",
        file="emla/transport/addresses.py",
        old="    found = _behind(address)\n    return found.is_global",
        new="    found = address\n    return found.is_global",
        held_by=(
            "tests/unit/transport/test_webhooks.py::test_a_name_that_leads_where_it_must_not_is_not_followed",
        ),
    ),
    Safeguard(
        name="an address of nobody is not in the house",
        row="50",
        file="emla/transport/addresses.py",
        old="        or address.is_reserved\n",
        new="",
        held_by=(
            "tests/unit/transport/test_webhooks.py::test_a_name_that_leads_where_it_must_not_is_not_followed",
        ),
    ),
    Safeguard(
        name="every address of a name is looked at",
        row="50",
        file="emla/transport/addresses.py",
        old="        for result in results:\n",
        new="        for result in results[:1]:\n",
        held_by=(
            "tests/attacks/test_row_50.py::test_dns_that_leads_home_is_refused_before_a_connection_is_made",
        ),
    ),
    Safeguard(
        name="an answer has a size",
        row="49",
        file="emla/transport/https.py",
        old="        if len(body) > size_bytes_max:",
        new="        if False:",
        held_by=(
            "tests/attacks/test_row_49.py::test_a_document_of_ten_gigabytes_is_given_up_after_half_a_megabyte",
        ),
    ),
    Safeguard(
        name="redirects are not followed",
        row="49",
        file="emla/transport/https.py",
        old="allow_redirects=False",
        new="allow_redirects=True",
        held_by=("tests/attacks/test_row_49.py::test_redirects_are_not_followed",),
    ),
    Safeguard(
        name="silence ends an exchange",
        row="49",
        file="emla/transport/https.py",
        old="sock_read=silence)",
        new="sock_read=None)",
        held_by=(
            "tests/unit/transport/test_https.py::test_silence_has_an_end_and_an_exchange_lasts_no_longer_than_its_size_explains",
        ),
    ),
    Safeguard(
        name="a drip ends an exchange",
        row="49",
        file="emla/transport/https.py",
        old="ClientTimeout(total=total,",
        new="ClientTimeout(total=None,",
        held_by=(
            "tests/unit/transport/test_https.py::test_silence_has_an_end_and_an_exchange_lasts_no_longer_than_its_size_explains",
        ),
    ),
    Safeguard(
        name="an answer is not decompressed",
        row="49",
        file="emla/transport/https.py",
        old="auto_decompress=False",
        new="auto_decompress=True",
        held_by=("tests/unit/transport/test_https.py::test_an_answer_is_never_unpacked",),
    ),
    Safeguard(
        name="the server's key is the one pinned",
        row="58",
        file="emla/transport/https.py",
        old="        if got not in self._pins:",
        new="        if False:",
        held_by=("tests/unit/transport/test_https.py::test_a_server_with_another_key_is_sent_nothing",),
    ),
    Safeguard(
        name="TLS 1.3 and nothing before",
        row="58",
        file="emla/transport/https.py",
        old="    context.minimum_version = ssl.TLSVersion.TLSv1_3",
        new="    context.minimum_version = ssl.TLSVersion.TLSv1_2",
        held_by=("tests/unit/transport/test_https.py::test_tls_before_1_3_is_refused",),
    ),
    Safeguard(
        name="the fingerprint is compared",
        row="47",
        file="emla/flow/documents/peers.py",
        old='if not hmac.compare_digest(_NOT_DIGITS.sub("", fingerprint), expected.replace(" ", "")):',
        new="if False:",
        held_by=(
            "tests/attacks/test_row_47.py::test_a_swapped_card_and_wrong_groups_are_refused_and_each_attempt_is_in_the_ledger",
        ),
    ),
    Safeguard(
        name="a refused import is recorded",
        row="47",
        file="emla/flow/documents/peers.py",
        old="            await self._gateway.store.write(event(self._gateway, IMPORT_REFUSED, facts))\n",
        new="",
        held_by=(
            "tests/attacks/test_row_47.py::test_a_swapped_card_and_wrong_groups_are_refused_and_each_attempt_is_in_the_ledger",
        ),
    ),
    Safeguard(
        name="a peer with open legs is not forgotten",
        row="operation",
        file="emla/flow/documents/peers.py",
        old="        if not force and gateway.store.read.waits_for(authority):",
        new="        if False:",
        held_by=(
            "tests/integration/test_keys_running.py::test_a_peer_is_forgotten_only_when_nothing_waits_for_it_and_the_ledger_remembers",
        ),
    ),
    Safeguard(
        name="a contradicting peer is held",
        row="45",
        file="emla/flow/documents/take_documents.py",
        old='held = error.code if error.code == "peer-conflict" else peer.row.held',
        new="held = peer.row.held",
        held_by=("tests/attacks/test_row_45.py::test_the_channel_is_held_until_people_have_compared_again",),
    ),
    Safeguard(
        name="what is pushed holds no channel",
        row="45",
        file="emla/flow/documents/take_documents.py",
        old="if not fetched or error.code",
        new="if error.code",
        held_by=(
            "tests/attacks/test_row_45.py::test_what_is_pushed_by_anybody_is_refused_and_holds_nothing",
        ),
    ),
    Safeguard(
        name="revocations in refused documents are kept",
        row="46",
        file="emla/flow/documents/take_documents.py",
        old=("                if denied is not known:\n                    await self._keep(peer, denied)\n"),
        new="",
        held_by=(
            "tests/integration/test_key_revocation.py::test_a_revocation_in_documents_that_are_refused_counts_all_the_same",
        ),
    ),
    Safeguard(
        name="a peer is forgotten after the news that is being taken",
        row="operation",
        file="emla/flow/documents/peers.py",
        old="        async with self._gateway.directory.changing(authority):\n",
        new="        if True:\n",
        held_by=(f"{_PEERS}::test_a_peer_is_forgotten_after_the_news_of_it_that_is_being_taken",),
    ),
    Safeguard(
        name="an import and news of a peer go one at a time",
        row="46",
        file="emla/flow/documents/peers.py",
        old="        async with gateway.directory.changing(offered.id):\n",
        new="        if True:\n",
        held_by=(f"{_PEERS}::test_a_revocation_that_comes_while_a_person_imports_older_documents_stays",),
    ),
    Safeguard(
        name="news of a peer waits for an import",
        row="46",
        file="emla/flow/documents/take_documents.py",
        old="        async with self._gateway.directory.changing(authority):\n",
        new="        if True:\n",
        held_by=(f"{_PEERS}::test_a_revocation_that_comes_while_a_person_imports_older_documents_stays",),
    ),
    Safeguard(
        name="news of a peer pins nobody",
        row="operation",
        file="emla/flow/documents/take_documents.py",
        old="            if not transaction.replace_peer(row):\n                return False\n",
        new="            transaction.put_peer(row)\n",
        held_by=(f"{_PEERS}::test_news_pins_nobody_whose_row_is_gone",),
    ),
    Safeguard(
        name="pushed documents have a size",
        row="49",
        file="emla/web/peer_api.py",
        old="exported = await small_body(http_request, WIRE.documents_bytes)",
        new="exported = await small_body(http_request, 10**9)",
        held_by=(
            "tests/attacks/test_gateway_rows.py::test_row_49_documents_are_refused_by_the_length_they_announce",
        ),
    ),
    Safeguard(
        name="the typed groups are those of the file",
        row="47",
        file="emla/cli/peer_import.py",
        old='    return "".join(typed.get(number, group) for number, group in enumerate(groups))',
        new='    return "".join(groups)',
        held_by=("tests/integration/test_cli_terminal.py::test_import_refuses_after_three_wrong_answers",),
    ),
    Safeguard(
        name="without a terminal all digits are compared",
        row="47",
        file="emla/cli/peer_import.py",
        old="    if compared != _digits(expected):",
        new="    if False:",
        held_by=("tests/unit/cli/test_commands.py::test_a_peer_is_pinned_with_the_right_fingerprint_only",),
    ),
    Safeguard(
        name="two groups are hidden until they are typed",
        row="47",
        file="emla/cli/peer_import.py",
        old="_HIDDEN if number in asked else group",
        new="group",
        held_by=(
            "tests/integration/test_cli_terminal.py::test_import_pins_when_both_hidden_groups_are_typed_even_after_a_slip",
        ),
    ),
    Safeguard(
        name="nothing is pinned unasked",
        row="47",
        file="emla/cli/peer_import.py",
        old='        raise click.UsageError("There is no terminal to ask at: give all 60 digits with --fingerprint.")',
        new="        compared = _digits(expected)",
        held_by=(
            "tests/unit/cli/test_commands.py::test_without_a_terminal_import_names_the_option_it_needs",
        ),
    ),
    Safeguard(
        name="of yes and no the first that is stored stands",
        row="25",
        file="emla/store/sqlite/transaction.py",
        old="numbers.EVENT, said.pid, said.event.value, other.value, said.by",
        new="numbers.EVENT, said.pid, said.event.value, said.event.value, said.by",
        held_by=(
            "tests/unit/flow/test_accept.py::test_what_was_rejected_while_it_came_from_elsewhere_is_not_accepted",
            "tests/unit/store/sqlite/test_numbers.py::test_of_yes_and_no_the_first_stands",
            "tests/unit/flow/test_hub_played_back.py::test_a_hub_answers_a_package_that_expires_while_it_comes_with_one_word",
        ),
    ),
    Safeguard(
        name="of yes and no the first of a batch stands",
        row="25",
        file="emla/store/sqlite/transaction.py",
        old="& {said.event, other}:",
        new="& {said.event}:",
        held_by=("tests/unit/store/sqlite/test_numbers.py::test_of_yes_and_no_the_first_stands",),
    ),
    Safeguard(
        name="a repeat that is too late does not reject what is coming in",
        row="25",
        file="emla/flow/line/accept.py",
        old="        if place in self._receiving:\n",
        new="        if place in self._receiving and not isinstance(verified, RefusedPackage):\n",
        held_by=(
            "tests/unit/flow/test_accept.py::test_a_repeat_that_is_too_late_does_not_reject_what_is_coming_in",
        ),
    ),
    Safeguard(
        name="a repeat that is too late does not reject what a hub is given",
        row="25",
        file="emla/flow/hub/deposit.py",
        old="        if place in self._receiving:\n",
        new="        if place in self._receiving and not isinstance(verified, RefusedPackage):\n",
        held_by=(
            "tests/unit/flow/test_hub_played_back.py::test_a_hub_answers_a_package_that_expires_while_it_comes_with_one_word",
        ),
    ),
    Safeguard(
        name="what the recipient has is not called rejected",
        row="25",
        file="emla/model/leg.py",
        old="    if delivered and not events.isdisjoint(_DENIED):\n",
        new="    if delivered and Event.RELAY_FAILURE in events:\n",
        held_by=(
            "tests/unit/model/test_leg.py::test_what_the_recipient_signed_about_the_content_beats_a_rejection_of_its_own",
        ),
    ),
)
