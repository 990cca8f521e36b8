"""Roots, cards, profiles and keys: one's own and those of peers, how they change, travel and end."""
