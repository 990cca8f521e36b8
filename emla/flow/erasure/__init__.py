"""Journeys: what is here of a case is erased, or held back from that."""
