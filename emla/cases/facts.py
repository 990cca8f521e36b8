"""What the rules about a case need to know of it, from the docket.

Rules of this file: what only the transport knows (when a request arrived) comes in as an argument; everything else follows
from acts.
"""

from datetime import date

from emla.cases.docket import Docket
from emla.cases.standing import Inquiry, Standing
from emla.model.legal_act import LegalAct
from emla.model.terms import CaseFacts


def facts_for(docket: Docket, act: LegalAct, *, arrived_on: date | None = None) -> CaseFacts | None:
    """The facts by which a message that is not sent yet is checked.

    Args:
        docket: the case as it stands, and what is related to it.
        act: what the message means.
        arrived_on: when the request arrived here, in the time zone of the authority; None where it is our own.

    Returns:
        None where the message begins something, or where it is not clear what it is about: then the rules say nothing.
    """
    standing = docket.request_of(act)
    if standing is None:
        return None
    asked = next((each for each in standing.inquiries if each.message_id == act.in_reply_to), None)
    return case_facts(standing, asked=asked, arrived_on=arrived_on)


def case_facts(
    standing: Standing, *, asked: Inquiry | None = None, arrived_on: date | None = None
) -> CaseFacts:
    """The facts of one request; arguments as for `facts_for`, and the inquiry that is answered."""
    extradition = standing.extradition
    arrested_on = None
    arrest_days_max = CaseFacts(requesting="").arrest_days_max
    if extradition is not None and extradition.arrested_on and not extradition.full_request:
        arrested_on = extradition.arrested_on
        if extradition.due_on is not None:
            # The day that is named first is often that on which custody may end; it is never shortened by that.
            arrest_days_max = max((extradition.due_on - arrested_on).days, arrest_days_max)
    return CaseFacts(
        requesting=standing.opening.sender,
        asked=standing.information is None,
        instruments=standing.instruments,
        generation=standing.generation,
        measures={key: each.state.value for key, each in standing.measures.items()},
        open_questions=_open(asked) if asked is not None else (),
        use_limits=tuple(sorted(standing.limits)),
        consented=tuple(sorted(standing.consented)),
        owner=standing.owner,
        items_to_return=tuple(sorted(each.local_id for each in standing.to_return)),
        received_on=None if standing.received else arrived_on,
        arrested_on=arrested_on,
        arrest_days_max=arrest_days_max,
    )


def _open(inquiry: Inquiry) -> tuple[str, ...]:
    """The mandatory questions that are open, in the order in which they were asked."""
    return tuple(each for each in inquiry.questions if inquiry.mandatory and each in inquiry.unanswered)
