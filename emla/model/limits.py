"""Limits: how much of anything is accepted before it is refused, each named once (docs/spec/limits.md).

Units come last in the name, except where the name is that of a thing on the wire; sizes there are bytes. Lowering a limit of
`XmlLimits` is always safe; those of `WIRE` are part of the wire format.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLimits:
    """What a gateway accepts from outside, whatever is claimed."""

    header_bytes: int = 64 * 1024
    document_bytes: int = 64 * 1024
    documents_bytes: int = 512 * 1024
    bundle_bytes: int = 64 * 1024
    bundles: int = 32
    """Acknowledgement bundles in one call."""
    packages: int = 32
    """Packages in one call."""
    packages_bytes: int = 1024 * 1024
    """Headers, payloads and lengths of the packages in one call."""
    channel_bytes: int = 256 * 1024
    """A channel status, as a signed object."""
    access_bytes: int = 256 * 1024
    """An access report, as a signed object."""
    manifest_bytes: int = 1024 * 1024
    parts: int = 500
    expiry_seconds_min: int = 3600
    expiry_seconds_max: int = 90 * 86400
    expiry_seconds_default: int = 60 * 86400
    clock_skew_seconds: int = 300
    inline_payload_bytes: int = 256 * 1024
    """A payload up to this size lives in its row and shares the commit; a larger one is a file."""
    payload_bytes: int = 2**53 - 1


WIRE = WireLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What the head of a call may be."""

    line_bytes: int = 8190
    """The request line, or the value of one header field."""
    head_bytes: int = 32 * 1024
    headers: int = 64
    pipelined: int = 8
    """Calls that may wait behind the one under way; callers of this protocol send the next one after the answer."""


HTTP = HttpLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlLimits:
    """What the main XML document of a message may cost before it is read as a tree."""

    size_bytes_max: int = 10 * 1024 * 1024
    depth_max: int = 64
    """Elements inside one another, the root counted as 1."""
    elements_max: int = 200_000
    """Elements and comments together, because both become nodes of the tree."""
    children_max: int = 4096
    """Elements directly in one element: libxml2 counts them all to name the place of each single error."""
    attributes_max: int = 64
    """Attributes of one element, namespace declarations included."""
    attributes_total_max: int = 100_000
    """Attributes of the whole document: 200,000 elements with 64 each would be a gigabyte of tree."""
    namespaces_max: int = 64
    """Namespace declarations of the whole document."""
    tag_bytes_max: int = 65_536
    """Length of one tag or comment, so that a tag with 500,000 attributes never has to be held whole."""
