"""Limits: places, deadlines, budgets, reservations, and the patience of the sender.

Rules of the table: `safeguard`.
"""

from tests.ablation.safeguard import Safeguard

WATCHED = "tests/unit/web/test_watched.py"
TABLE = "tests/unit/web/test_connections.py"
GUARD = "tests/unit/web/test_guard.py"
HELD = "tests/unit/flow/test_reservations.py"
ROW_53 = "tests/attacks/test_row_53.py"
ROW_54 = "tests/attacks/test_row_54.py"

ROWS = (
    Safeguard(
        name="a head has a deadline",
        row="51",
        file="emla/web/watched.py",
        old='        elif phase is Phase.HEAD and seconds >= limits.header_seconds:\n            return "header"\n',
        new="",
        held_by=(
            f"{WATCHED}::test_the_first_head_has_its_deadline_from_the_beginning[half]",
            f"{WATCHED}::test_between_calls_there_is_more_time_and_the_next_head_has_its_own",
        ),
    ),
    Safeguard(
        name="a connection is not kept for nothing",
        row="51",
        file="emla/web/watched.py",
        old='        elif phase is Phase.IDLE and seconds >= limits.idle_seconds:\n            return "idle"\n',
        new="",
        held_by=(f"{WATCHED}::test_who_does_not_use_a_connection_loses_it",),
    ),
    Safeguard(
        name="a body has a least rate",
        row="51",
        file="emla/web/watched.py",
        old="if self._received - self._mark < limits.body_bytes_per_second * seconds:",
        new="if False:",
        held_by=(f"{WATCHED}::test_a_body_is_measured_over_its_window_and_then_over_the_next",),
    ),
    Safeguard(
        name="an answer that nobody takes is given up",
        row="51",
        file="emla/web/watched.py",
        old='        elif phase is Phase.ANSWER and seconds >= limits.body_seconds:\n            return "answer"\n',
        new="",
        held_by=(f"{WATCHED}::test_an_answer_that_stands_has_the_same_time",),
    ),
    Safeguard(
        name="a caller is not late while we do not read",
        row="51",
        file="emla/web/watched.py",
        old="request is None or request.content.is_eof() or self._reading_paused:",
        new="request is None or request.content.is_eof():",
        held_by=(f"{WATCHED}::test_while_we_do_not_read_the_caller_cannot_be_too_slow",),
    ),
    Safeguard(
        name="one address has so many places",
        row="51",
        file="emla/web/connections.py",
        old="if full_here and not self._displace_stranger(self._strangers_at[group], now - _LEAST_SECONDS):",
        new="if False:",
        held_by=(
            f"{TABLE}::test_one_address_has_so_many_places_and_others_keep_theirs",
            f"{TABLE}::test_a_stranger_who_shows_nothing_makes_room_for_one_of_the_same_address",
        ),
    ),
    Safeguard(
        name="a burst of one address does not cut itself off",
        row="51",
        file="emla/web/connections.py",
        old="now - _LEAST_SECONDS):",
        new="now):",
        held_by=(f"{TABLE}::test_one_address_has_so_many_places_and_others_keep_theirs",),
    ),
    Safeguard(
        name="newcomers displace who shows nothing",
        row="51",
        file="emla/web/connections.py",
        old="if full and not (self._displace_stranger(self._strangers, now) or self._displace_of_most()):",
        new="if full:",
        held_by=(
            f"{TABLE}::test_when_all_is_full_the_stranger_of_longest_ago_goes_and_no_peer",
            f"{TABLE}::test_when_peers_hold_everything_whoever_holds_most_gives_up_what_is_idle",
        ),
    ),
    Safeguard(
        name="a peer has so many connections",
        row="54",
        file="emla/web/connections.py",
        old="place.last = self._peers_at[peer, place.address] > self.limits.connections_per_peer",
        new="pass",
        held_by=(
            f"{TABLE}::test_a_peer_keeps_so_many_of_one_address_and_those_above_are_closed_after_their_answer",
        ),
    ),
    Safeguard(
        name="new connections have a rate",
        row="51",
        file="emla/web/connections.py",
        old="if not self._knocks.spend(group, now):",
        new="if False:",
        held_by=(f"{TABLE}::test_new_connections_have_a_rate",),
    ),
    Safeguard(
        name="an ipv6 customer is one address",
        row="51",
        file="emla/web/connections.py",
        old="return str(ipaddress.ip_network((int(parsed), _NETWORK_BITS), strict=False))",
        new="return str(parsed)",
        held_by=(f"{TABLE}::test_an_address_is_what_one_customer_has[2001:db8:1:2::9-2001:db8:1:2::/64]",),
    ),
    Safeguard(
        name="a call names its length and stays http 1.1",
        row="53",
        file="emla/web/guard.py",
        old='if "Transfer-Encoding" in headers or "Upgrade" in headers:',
        new="if False:",
        held_by=(f"{ROW_53}::test_the_connection_stays_http_1_1[h2c]",),
    ),
    Safeguard(
        name="calls in advance are bounded",
        row="53",
        file="emla/web/watched.py",
        old="elif len(self._messages) > HTTP.pipelined:",
        new="elif False:",
        held_by=(f"{ROW_53}::test_ten_thousand_calls_in_advance_end_the_connection",),
    ),
    Safeguard(
        name="a head is bounded as a whole",
        row="53",
        file="emla/web/watched.py",
        old="any(_head_bytes(message) > HTTP.head_bytes for message, _ in self._messages)",
        new="False",
        held_by=(f"{ROW_53}::test_a_head_is_bounded_by_line_and_as_a_whole",),
    ),
    Safeguard(
        name="nothing packed is taken",
        row="52",
        file="emla/web/problems.py",
        old='if "Content-Encoding" in request.headers:',
        new="if False:",
        held_by=("tests/attacks/test_row_52.py::test_nothing_packed_is_taken_on_any_route[gzip]",),
    ),
    Safeguard(
        name="unsigned calls are counted",
        row="54",
        file="emla/web/guard.py",
        old="elif self._unsigned.left(place.address, now) < 1.0:",
        new="elif False:",
        held_by=(
            f"{ROW_54}::test_calls_that_nobody_signed_are_answered_unread_after_so_many_of_one_address",
        ),
    ),
    Safeguard(
        name="what a peer has refused is counted",
        row="54",
        file="emla/web/guard.py",
        old="if self._refused.left(_payer(place), now) < 1.0:",
        new="if False:",
        held_by=(
            f"{ROW_54}::test_a_peer_whose_offers_are_all_refused_is_told_to_come_later_and_leaves_no_more_leaves",
        ),
    ),
    Safeguard(
        name="a stranger does not cut off the peer behind its address",
        row="54",
        file="emla/web/guard.py",
        old="if not self.connections.knows(place.address, now, _KNOWN_SECONDS):",
        new="if True:",
        held_by=(f"{ROW_54}::test_a_stranger_behind_the_address_of_a_peer_does_not_cut_the_peer_off",),
    ),
    Safeguard(
        name="bodies have so much memory",
        row="51",
        file="emla/web/guard.py",
        old="if held + size > most:",
        new="if False:",
        held_by=(f"{GUARD}::test_bodies_of_strangers_fill_half_of_the_memory_and_the_next_is_not_read",),
    ),
    Safeguard(
        name="peers have memory of their own",
        row="51",
        file="emla/web/guard.py",
        old="            if stranger\n            else (self._memory",
        new="            if True\n            else (self._memory",
        held_by=(f"{GUARD}::test_peers_have_the_other_half",),
    ),
    Safeguard(
        name="who comes when too many writes wait is told so",
        row="54",
        file="emla/web/guard.py",
        old="if self._waiting() >= self._waiting_max:",
        new="if False:",
        held_by=(f"{GUARD}::test_when_too_many_writes_wait_nothing_more_is_read",),
    ),
    Safeguard(
        name="payloads on their way have a quota",
        row="54",
        file="emla/flow/reservations.py",
        old='            raise TransportError("quota", f"{peer} has {uploads} payloads of {held} bytes on their way.")\n',
        new="",
        held_by=(
            f"{HELD}::test_a_peer_has_so_many_payloads_on_their_way_and_no_more",
            f"{HELD}::test_a_payload_that_is_refused_for_quota_leaves_nothing",
        ),
    ),
    Safeguard(
        name="whoever plays back a header pays alone",
        row="54",
        file="emla/flow/reservations.py",
        old="key = (peer, CALLER.get())",
        new='key = (peer, "")',
        held_by=(f"{HELD}::test_another_address_is_another_account",),
    ),
    Safeguard(
        name="the disk is not promised twice",
        row="54",
        file="emla/flow/gateway.py",
        old=" - self.reservations.promised_bytes",
        new="",
        held_by=(f"{HELD}::test_the_disk_is_not_promised_twice",),
    ),
    Safeguard(
        name="what passes by itself is no attempt",
        row="54",
        file="emla/flow/relay.py",
        old="if refusal.code in PASSING:",
        new="if False:",
        held_by=(
            "tests/unit/flow/test_relay.py::test_a_peer_that_asks_for_patience_costs_no_attempt_and_is_no_failure[busy]",
        ),
    ),
    Safeguard(
        name="a crowded peer is left alone",
        row="54",
        file="emla/flow/relay.py",
        old="if refusal.code in CROWDED:",
        new="if False:",
        held_by=(
            "tests/unit/flow/test_relay.py::test_a_crowded_peer_is_left_alone_and_a_quota_holds_for_one_leg[busy-1]",
        ),
    ),
    Safeguard(
        name="small packages find a connection",
        row="59",
        file="emla/transport/https.py",
        old="        async with uploads:\n",
        new="        if uploads:\n",
        held_by=(
            "tests/attacks/test_row_59.py::test_a_peer_is_never_offered_more_files_at_once_than_it_takes",
        ),
    ),
)
