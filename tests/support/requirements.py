"""A profile that says everything it can say of requests."""

from emla.model.requirements import Requirements, Sum

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
