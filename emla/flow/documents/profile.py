"""profile: what our authority says of itself and of what it wants; changed by its operator alone, at any time.

It gives nobody trust, so no key officer decides about it (ADR 0033): the sign key that is here signs it. Order of writes: K2 of
`own`; a crash before that commit leaves the profile as it was, after it the new one is ours, and the same call again finds it.
Two who change it at once are told apart by the version that each of them saw.
"""

import logging
from dataclasses import replace

from emla.flow.documents.own import Own, held_key
from emla.flow.gateway import Gateway
from emla.formats import documents as form
from emla.formats.profile_members import profile_from
from emla.formats.strict_json import Json
from emla.model.documents import Documents, KeyUse, Profile
from emla.model.errors import ConfigurationError, InvalidMessageError, MalformedError
from emla.model.signed import PayloadType
from emla.ports.keys import PrivateKeys
from emla.ports.signing import sign_now

logger = logging.getLogger("emla.profile")


class ChangeProfile:
    """The journey of a changed profile."""

    def __init__(self, gateway: Gateway, own: Own, keys: PrivateKeys) -> None:
        self._gateway = gateway
        self._own = own
        self._keys = keys

    @property
    def profile(self) -> Profile:
        """The profile in force."""
        return self._own.authority.profile

    async def __call__(self, members: dict[str, Json], seen: int) -> Profile:
        """Publish a changed profile; when this returns it is ours, and on its way to every peer.

        Args:
            members: all that the authority says, not only what changes.
            seen: the version that whoever changes it has seen.

        Returns:
            The profile in force. What it says already is not published a second time.

        Raises:
            InvalidMessageError: ``bad-request``: no peer could read it; ``profile-changed``: another version is in force.
            ConfigurationError: the ledger is closed, or no sign key is here.
        """
        known, now = self._own.authority, self._gateway.now()
        before = known.profile
        try:
            wanted = profile_from(members, known.id, version=before.version + 1, created=now)
        except MalformedError as error:
            raise InvalidMessageError("bad-request", error.detail) from error
        if replace(wanted, version=before.version, created=before.created) == before:
            return before
        if seen != before.version:
            raise _changed(seen, before.version)
        if closed := self._gateway.ledger_closed():
            # Peers may hold a later profile of ours than we do: another one of its version would be a rollback to them.
            raise ConfigurationError(closed)
        signed = await self._signed(wanted)

        def change(documents: Documents) -> Documents:
            if documents.profile != known.documents.profile:
                raise _changed(seen, self.profile.version)
            return replace(documents, profile=signed)

        adopted = await self._own.adopt(change)
        logger.info("profile published", extra={"what": f"profile {wanted.version}"})
        return adopted.profile

    async def _signed(self, wanted: Profile) -> bytes:
        _, signer = held_key(self._own.authority, self._keys, KeyUse.SIGN, wanted.created)
        signed = await sign_now(PayloadType.PROFILE, form.encode_profile(wanted), signer)
        try:
            form.decode_signed(signed, PayloadType.PROFILE)
        except MalformedError as error:
            raise InvalidMessageError("bad-request", f"No peer would take it: {error.detail}") from error
        return signed


def _changed(seen: int, version: int) -> InvalidMessageError:
    return InvalidMessageError("profile-changed", f"Version {version} is in force, not version {seen}.")
