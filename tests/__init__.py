"""The tests; `tests.unit` mirrors `emla` file by file, `tests.support` holds what they share."""
