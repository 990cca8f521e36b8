"""Limits: how much of anything is accepted before it is refused, each named once.

Rules of this file:
- A limit is a frozen value that is handed to the code it binds; nobody reads a global.
- Units come last in the name. The defaults are those of docs/spec (limits); lowering one is always safe.
"""

from dataclasses import dataclass


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
