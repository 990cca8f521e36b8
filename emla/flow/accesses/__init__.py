"""Accesses: the owner of what was sent asks the holder's gateway who read it, and keeps what it says."""
