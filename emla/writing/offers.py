"""What is offered as an answer: defaults, the answers there are, and likely ones."""

from emla.formats.schema_index import Child
from emla.formats.schema_shape import SchemaShape
from emla.writing.answers import NO, YES, Answers, Surroundings
from emla.writing.plan import Rule
from emla.writing.questions import Option, reference
from emla.writing.references import files, persons
from emla.writing.script import Script, plain

_SENDER, _RECIPIENT = "MessageHeader/Sender/", "MessageHeader/Recipient/"


class Offers:
    """What is offered for one kind of message."""

    def __init__(self, shape: SchemaShape, around: Surroundings, script: Script) -> None:
        self._shape, self._around, self._script = shape, around, script

    def known(self, place: str) -> str:
        """What the case says of a place; of a repeated one also for all at once."""
        return self._script.known.get(place) or self._script.known.get(plain(place), "")

    def refers(self, child: Child) -> bool:
        """Whether an element names a person, measure or file of this very message."""
        return _is_reference(child) and _local(child.name) not in self._script.elsewhere

    def default(self, rule: Rule, place: str, answers: Answers) -> str:
        """What Enter takes: what the case or a profile says, else what the rule says."""
        if place == "MessageHeader/Language":
            return self._around.language_for(answers.get(f"{_RECIPIENT}AuthorityId", ""))
        if place == "SigningOfficer/SigningDate":
            return self._around.today
        known = self.known(place) or self._of_authority(place, answers)
        return known or rule.default(answers, place.rpartition("/")[0])

    def _of_authority(self, place: str, answers: Answers) -> str:
        """What is known of our own authority, or of the one that is named at a place."""
        if place.startswith(_SENDER):
            return self._around.sender.get(place.removeprefix(_SENDER), "")
        whose = _RECIPIENT if place.startswith(_RECIPIENT) else place.partition("/")[0] + "/"
        peer = self._around.peers.get(answers.get(whose + "AuthorityId", ""), {})
        return peer.get(place.removeprefix(whose), "")

    def options(self, child: Child, place: str, answers: Answers) -> tuple[Option, ...]:
        """The answers there are; none where any text of the type will do."""
        offered = self._script.choices.get(plain(place))
        if offered is not None:
            return offered
        if child.type_name.endswith("}boolean"):
            return (Option(code=YES, words=""), Option(code=NO, words=""))
        codes = self._shape.codes.get(child.type_name)
        if codes:
            return tuple(Option(code=code, words=words.definition) for code, words in codes.items())
        if not self.refers(child):
            return ()
        if _local(child.name).endswith("PersonRef"):
            return tuple(persons(answers))
        own = place.split("/", 1)[0] if place.startswith("Attachment[") else ""
        return tuple(each for each in files(answers) if each.code != reference("Attachment", own))

    def suggestions(self, child: Child, place: str) -> tuple[Option, ...]:
        """Answers that are likely, where others are good as well."""
        if place == "MessageHeader/Recipient/AuthorityId":
            return tuple(
                Option(code=each, words=known.get("Name", "")) for each, known in self._around.peers.items()
            )
        known_codes = self._shape.suggested.get(child.type_name, {})
        return tuple(Option(code=code, words=words.definition) for code, words in known_codes.items())


def _is_reference(child: Child) -> bool:
    return _local(child.type_name) == "LocalIdType"


def _local(name: str) -> str:
    return name.rpartition("}")[2]
