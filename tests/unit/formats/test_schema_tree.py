import pytest
from lxml import etree

from emla.formats.schema_index import SchemaIndex
from emla.formats.schema_shape import SchemaShape, read_shape
from emla.formats.schema_tree import Node, tree_of
from tests.support.sample_case import SCHEMA_FOLDER, schemas
from tests.support.sample_messages import samples

REQUEST = "{urn:emla:request:1}MLARequest"


@pytest.fixture(scope="module")
def index() -> SchemaIndex:
    return schemas().index_of(REQUEST)


@pytest.fixture(scope="module")
def shape() -> SchemaShape:
    return read_shape(SCHEMA_FOLDER / "1.0", etree.XMLParser(resolve_entities=False, no_network=True))


@pytest.fixture(scope="module")
def request_tree(index: SchemaIndex, shape: SchemaShape) -> Node:
    return tree_of(index, shape, REQUEST)


def test_an_element_is_found_by_its_path_with_its_words(request_tree: Node) -> None:
    found = request_tree.find("Measure/NecessityStatement")
    assert found is not None
    assert (found.path, found.required, found.repeatable) == (
        "/MLARequest/Measure/NecessityStatement",
        True,
        False,
    )
    assert found.documentation.source
    assert found.value is not None
    assert found.value.facets["maxLength"] == "8000"
    assert request_tree.find("Measure/NoSuchThing/Text") is None


def test_children_stand_in_the_order_of_the_schema(request_tree: Node) -> None:
    names = [child.local_name for child in request_tree.children]
    assert names[:3] == ["MessageHeader", "LegalBasis", "Proceeding"]
    assert names[-1] == "SigningOfficer"


def test_alternatives_say_which_stand_together(request_tree: Node) -> None:
    account = request_tree.find("Measure/BankBlock/Account")
    assert account is not None
    said = {child.local_name: child.alternative for child in account.children}
    branches = {name: one.branch for name, one in said.items() if one is not None}
    assert branches == {"Iban": 0, "AccountNumber": 1, "BranchOrBic": 1}
    assert all(one is not None and one.required for one in said.values())


def test_every_element_of_every_sample_stands_in_the_tree_of_its_message(
    index: SchemaIndex, shape: SchemaShape
) -> None:
    for sample in samples():
        root = etree.fromstring(sample.data)
        known = {node.path for node in tree_of(index, shape, str(root.tag)).walk()}
        for element in root.iter("*"):
            steps = [
                etree.QName(one).localname for one in (*reversed(list(element.iterancestors())), element)
            ]
            assert "/" + "/".join(steps) in known, sample.path.name


def test_no_message_is_endless(index: SchemaIndex, shape: SchemaShape) -> None:
    for root in schemas().roots:
        assert sum(1 for _ in tree_of(index, shape, root).walk()) < 3000
