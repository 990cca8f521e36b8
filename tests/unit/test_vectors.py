"""The vectors: our code says of each what the file says, and the files are what the generator writes."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.vector_files import FOLDER, SUFFIX, Vector, decode, encode, read_all
from tests.support.vector_runs import FORMS, judge
from tests.vectors.generate import vectors, write

VECTORS = tuple(read_all())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_our_code_says_what_the_vector_says(vector: Vector) -> None:
    assert judge(vector) == vector.expect, vector.comment


def test_the_generator_writes_the_same_bytes_again(tmp_path: Path) -> None:
    assert write(tmp_path) == len(VECTORS)
    for path in sorted(tmp_path.glob(f"*/*{SUFFIX}")):
        assert path.read_bytes() == (FOLDER / path.relative_to(tmp_path)).read_bytes(), path.name


def test_no_two_vectors_share_a_name_or_their_bytes_and_every_form_has_good_and_bad_ones() -> None:
    made = vectors()
    assert len({vector.id for vector in made}) == len(made)
    same = Counter((vector.form or vector.folder, vector.body, *vector.lines.items()) for vector in made)
    assert [
        vector.id
        for vector in made
        if same[(vector.form or vector.folder, vector.body, *vector.lines.items())] > 1
    ] == []
    assert {vector.form for vector in VECTORS if vector.expect == "success"} == FORMS
    assert {vector.form for vector in VECTORS if vector.expect != "success"} == FORMS


def test_a_vector_file_is_read_as_it_was_written() -> None:
    vector = Vector(
        folder="header",
        name="x",
        form="header",
        expect="malformed",
        comment="a: b",
        row=3,
        lines={"k": "v"},
        body=b"\n\n\0",
    )
    assert decode("header", "x", encode(vector)) == vector
