"""Acts for tests, without XML: two authorities that write to one another, a minute apart."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from emla.cases.docket import Docket
from emla.cases.fold import fold
from emla.cases.judgement import Judgement
from emla.cases.standing import Standing
from emla.model.legal_act import AboutMeasure, AskedMeasure, LegalAct, Reference

ASKS, ASKED = "jp.moj", "nl.moj"
CASE = hashlib.sha256(b"case").digest()[:16]
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Story:
    """What was said so far."""

    acts: list[LegalAct] = field(default_factory=list)

    def say(
        self, message_type: str, sender: str = ASKS, answers: LegalAct | None = None, **fields: Any
    ) -> LegalAct:
        """One more act; what a message of its type has beside that comes in as fields of `LegalAct`."""
        number = len(self.acts)
        act = LegalAct(
            message_id=hashlib.sha256(b"message %d" % number).digest()[:16],
            case_id=fields.pop("case_id", CASE),
            digest=hashlib.sha256(b"text %d" % number).digest(),
            message_type=message_type,
            generation=fields.pop("generation", 1),
            issued_at=fields.pop("issued_at", BEGAN + timedelta(minutes=number)),
            sender=sender,
            recipient=fields.pop("recipient", ASKED if sender == ASKS else ASKS),
            in_reply_to=answers.message_id if answers else None,
            **fields,
        )
        self.acts.append(act)
        return act

    def request(self, *measures: str, message_type: str = "MLARequest", **fields: Any) -> LegalAct:
        """A request for some measures."""
        asked = tuple(AskedMeasure(measure_id=each, kind="SEARCH_SEIZURE") for each in measures or ("M1",))
        return self.say(message_type, asked=asked, **fields)

    def decides(self, request: LegalAct, **outcomes: str) -> LegalAct:
        """A decision: ``M1="ACCEPTED"``."""
        return self.say("Decision", ASKED, request, says=about(**outcomes))

    def results(self, request: LegalAct, *, final: bool, **outcomes: str) -> LegalAct:
        """Results: ``M1="EXECUTED_FULL"``."""
        return self.say("ResultTransmission", ASKED, request, says=about(**outcomes), flag=final)

    def docket(self) -> Docket:
        """Everything that follows."""
        return fold(self.acts)

    def standing(self, request: LegalAct) -> Standing:
        """Where a request stands."""
        return self.docket().standings[request.key]

    def state(self, request: LegalAct) -> str:
        """Its state, in a word; two of them for an extradition."""
        return " ".join(self.standing(request).states)

    def measures(self, request: LegalAct) -> dict[str, str]:
        """The states of its measures."""
        return {key: each.state.value for key, each in self.standing(request).measures.items()}

    def judged(self, act: LegalAct) -> Judgement:
        """What became of an act."""
        return next(each for each in self.docket().judgements if each.act == act)

    def rules(self, act: LegalAct) -> list[str]:
        """The effect of an act, and the rules that speak against it or a part of it."""
        judged = self.judged(act)
        return [judged.effect.value, *(each.rule for each in judged.objections)]


def about(**outcomes: str) -> tuple[AboutMeasure, ...]:
    """What an act says of measures."""
    return tuple(AboutMeasure(measure_id=key, code=code) for key, code in outcomes.items())


def within(act: LegalAct, local_id: str) -> Reference:
    """Something in a message."""
    return Reference(message_id=act.message_id, local_id=local_id)


def renamed(act: LegalAct, text: bytes) -> LegalAct:
    """The same id with another text."""
    return replace(act, digest=hashlib.sha256(text).digest())


def begun(*measures: str) -> tuple[Story, LegalAct]:
    """A request that was received."""
    story = Story()
    request = story.request(*measures)
    story.say("ReceiptConfirmation", ASKED, request, requested_reference="NL-1")
    return story, request


def in_execution(*measures: str) -> tuple[Story, LegalAct]:
    """A request whose measures were all granted."""
    story, request = begun(*measures)
    story.decides(request, **dict.fromkeys(measures or ("M1",), "ACCEPTED"))
    return story, request
