"""A profile as its authority edits it: the members that are its own to say, without what the gateway writes.

Rule of this file: there is one reader of profiles, `decode_profile`; what is edited goes through it as a peer would read it.
"""

from emla.formats import strict_json
from emla.formats.documents import VERSION, decode_profile, encode_profile
from emla.formats.strict_json import Json
from emla.model.documents import Profile
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

_WRITTEN_BY_THE_GATEWAY = ("v", "id", "version", "created")


def members_of(profile: Profile) -> dict[str, Json]:
    """What the authority says in it."""
    members = strict_json.decode(encode_profile(profile), WIRE.document_bytes)
    return {name: value for name, value in members.items() if name not in _WRITTEN_BY_THE_GATEWAY}


def profile_from(members: dict[str, Json], authority: str, *, version: int, created: int) -> Profile:
    """Make a profile of what the authority says.

    Raises:
        MalformedError: a member is missing, unknown or not what a peer would read; or all of it is too large.
    """
    if written := [name for name in _WRITTEN_BY_THE_GATEWAY if name in members]:
        raise MalformedError(f"'{written[0]}' is written by the gateway.")
    whole: dict[str, Json] = {
        **members,
        "v": VERSION,
        "id": authority,
        "version": version,
        "created": created,
    }
    try:
        payload = strict_json.encode(whole)
    except (ValueError, OverflowError, RecursionError) as error:
        # A number, a text or a depth that JSON can have and strict JSON cannot.
        raise MalformedError("The profile is no strict JSON.") from error
    profile = decode_profile(payload)
    if members_of(profile) != members:
        raise MalformedError("The profile has extensions, which this version cannot keep.")
    return profile
