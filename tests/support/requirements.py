"""What a profile says of requests: everything it can say, and what a test wants, as a peer would read it on the wire."""

from dataclasses import replace

from emla.formats.documents import decode_profile, encode_profile
from emla.model.requirements import Electronic, Requirements, Sum
from emla.model.terms import Wishes
from emla.rules.profile import wishes_of
from tests.support.authorities import profile_of

REQUIREMENTS = Requirements(
    urgent_languages=("de", "en"),
    documents=(
        ("SEARCH_SEIZURE", ("COURT_ORDER", "TEXT_OF_LAW")),
        ("BANK_RECORDS", ("FACTS_STATEMENT",)),
    ),
    de_minimis=Sum(amount=500, currency="EUR"),
    service_days=40,
    reply_days=30,
    informs_subjects=True,
)
"""Everything that a profile can say of requests."""


def as_a_profile_says(wishes: Wishes) -> Wishes:
    """The wishes as they come out of a profile that says them: what no profile can say, no rule may rest on."""
    measures = dict.fromkeys(measure for measure, _ in wishes.documents)
    said = replace(
        profile_of("xx.test"),
        languages=wishes.languages,
        electronic_acceptance=Electronic.ALL if wishes.accepts_electronic else Electronic.NOT_ACCEPTED,
        requirements=Requirements(
            urgent_languages=wishes.urgent_languages,
            documents=tuple(
                (each, tuple(document for measure, document in wishes.documents if measure == each))
                for each in measures
            ),
            de_minimis=wishes.de_minimis and Sum(amount=wishes.de_minimis[0], currency=wishes.de_minimis[1]),
            service_days=wishes.service_days,
            reply_days=wishes.reply_days,
            informs_subjects=wishes.informs_subjects or None,
        ),
    )
    return wishes_of(decode_profile(encode_profile(said)))
