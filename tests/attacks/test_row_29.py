"""Row 29. Acknowledgement signed by a key revoked yesterday.

Expected: refused unless witnessed before invalid_since.
"""

from collections.abc import Callable

import pytest

from emla.formats import acknowledgement
from emla.ledger.checkpoint import Checkpoint
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import InvalidAcknowledgementError
from emla.steps.verify_acknowledgement import held, unseen, verify_acknowledgement
from tests.support.acknowledging import issue
from tests.support.authorities import DAY, NOW, build, party
from tests.support.standing import revoke, revoking

AT, DE = party("at.moj"), party("de.bfj")
PACKAGE = build(AT, DE)
SINCE = NOW - DAY
STORED = acknowledgement.encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE))
BACKDATED = acknowledgement.encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, at=NOW - 20 * DAY))
AID = verify_acknowledgement(STORED, issuer=DE.authority).aid


def stored_at(instant: int) -> Callable[[bytes, bytes, Checkpoint, int], bool]:
    """The witness of a store that has held the acknowledgement since an instant."""
    return lambda pid, aid, _, before: aid == AID and instant < before


def verdict(
    issuer: Authority,
    witnessed: Callable[[bytes, bytes, Checkpoint, int], bool] = unseen,
    stored: bytes = STORED,
) -> str:
    try:
        verify_acknowledgement(stored, issuer=issuer, subject=PACKAGE.subject, witnessed=witnessed)
    except InvalidAcknowledgementError as error:
        return error.code
    return "success"


@pytest.mark.parametrize("use", ["sign", "ledger"])
def test_a_revoked_key_acknowledges_nothing_whatever_date_it_writes(use: str) -> None:
    issuer = revoking(DE, revoke(DE, (DE.sign if use == "sign" else DE.ledger).kid, since=SINCE))
    assert verdict(DE.authority) == "success"
    assert verdict(issuer) == "revoked-key"
    assert verdict(issuer, stored=BACKDATED) == "revoked-key"
    # Another authority's key of the same theft is none of ours.
    assert verdict(revoking(DE, revoke(DE, DE.seal.kid, since=SINCE))) == "success"


@pytest.mark.parametrize(("instant", "code"), [(SINCE - 1, "success"), (SINCE, "revoked-key")])
def test_what_was_stored_before_the_theft_stands(instant: int, code: str) -> None:
    issuer = revoking(DE, revoke(DE, DE.sign.kid, since=SINCE))
    assert verdict(issuer, stored_at(instant)) == code


def test_a_checkpoint_stored_before_the_theft_vouches_for_its_leaves() -> None:
    bundle = issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, size=11)
    seen: list[Checkpoint] = []

    def witnessed(pid: bytes, aid: bytes, checkpoint: Checkpoint, before: int) -> bool:
        seen.append(checkpoint)
        return checkpoint.size == 11 and before == SINCE

    issuer = revoking(DE, revoke(DE, DE.sign.kid, since=SINCE))
    assert verdict(issuer, witnessed, acknowledgement.encode_bundle(bundle)) == "success"
    assert [(each.origin, each.size) for each in seen] == [(DE.authority.card.ledger_origin, 11)]


def test_both_keys_stolen_at_different_times_need_a_witness_before_either() -> None:
    both = revoking(
        DE, revoke(DE, DE.sign.kid, since=SINCE), revoke(DE, DE.ledger.kid, since=SINCE - 5 * DAY)
    )
    assert verdict(both, stored_at(SINCE - DAY)) == "revoked-key"
    assert verdict(both, stored_at(SINCE - 6 * DAY)) == "success"


def test_a_frozen_authority_acknowledges_nothing_new() -> None:
    frozen = revoking(DE, revoke(DE, None, since=SINCE))
    assert verdict(frozen) == "frozen"
    assert verdict(frozen, stored_at(SINCE - 1)) == "success"


def test_a_store_is_its_own_witness_but_not_for_a_forgery() -> None:
    issuer = revoking(DE, revoke(DE, DE.sign.kid, since=SINCE))
    assert verdict(issuer, held) == "success"
    forged = acknowledgement.encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, signer=AT.sign))
    assert verdict(issuer, held, forged) == "bad-signature"
