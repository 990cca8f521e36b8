"""The small grammars that several formats share: authority ids, key ids, origins, media types."""

import re

AUTHORITY = re.compile(r"[a-z]{2}(\.[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?){1,4}", re.ASCII)
"""Lower-case dotted, country first: ``de.bfj``. At most five labels."""
KID = re.compile(r"[0-9a-f]{32}", re.ASCII)
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}", re.ASCII)
ORIGIN = re.compile(r"[a-z0-9.-]{1,160}/emla/1/[1-9][0-9]{0,8}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
SUITE = re.compile(r"[a-z][a-z0-9-]{0,15}", re.ASCII)
"""The name of a suite. No ``+``: names are joined by it where they are hashed."""
RULE = re.compile(r"[A-Z]{2,4}-[0-9]{3}[a-z]?", re.ASCII)
"""The id of a business rule: ``BR-012a``."""
MESSAGE = re.compile(r"[A-Z][A-Za-z]{2,63}", re.ASCII)
"""The name of a message type: ``MLARequest``."""
CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
"""A code of a code list: ``SEARCH_SEIZURE``."""
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
