"""Vectors of what a profile wants of requests."""

from collections.abc import Iterable
from dataclasses import replace

from emla.formats import documents as form
from tests.support.authorities import Changes, changed, profile_of
from tests.support.requirements import REQUIREMENTS
from tests.support.vector_files import Vector


def requirements_vectors() -> Iterable[Vector]:
    """Profiles that say what is wanted of requests."""
    good = form.encode_profile(replace(profile_of("at.moj"), requirements=REQUIREMENTS))
    fine: tuple[tuple[str, Changes, str], ...] = (
        ("requirements", {}, "everything a profile can say of requests"),
        ("code-unknown", {"requirements.documents.0.measure": "NOT_IN_ANY_LIST_2"}, "a code of a later list"),
        ("requirements-one", {"requirements": {"reply_days": 1}}, "one of the members, and no other"),
        ("informs-not", {"requirements.informs_subjects": False}, "its law lets it keep silent"),
    )
    for name, changes, comment in fine:
        yield Vector(
            folder="documents",
            name=f"profile-good-{name}",
            form="profile",
            expect="success",
            comment=comment,
            body=changed(good, changes),
        )
    first, amount = "requirements.documents.0", "requirements.de_minimis"
    cases: tuple[tuple[str, Changes, str], ...] = (
        ("empty", {"requirements": {}}, "requirements that require nothing"),
        ("list", {"requirements": []}, "a list where an object stands"),
        ("unknown-member", {"requirements.x": 1}, "an unknown member of the requirements"),
        ("urgent-none", {"requirements.urgent_languages": []}, "an empty list of urgent languages"),
        ("urgent-twice", {"requirements.urgent_languages": ["de", "de"]}, "one urgent language twice"),
        ("urgent-form", {"requirements.urgent_languages": ["German!"]}, "an urgent language that is no tag"),
        ("documents-none", {"requirements.documents": []}, "an empty list of measures"),
        ("measure-twice", {"requirements.documents.1.measure": "SEARCH_SEIZURE"}, "one measure twice"),
        ("measure-lower-case", {f"{first}.measure": "search_seizure"}, "a code in lower case"),
        ("measure-alone", {f"{first}.documents": []}, "a measure with which nothing is wanted"),
        ("document-twice", {f"{first}.documents": ["COURT_ORDER", "COURT_ORDER"]}, "one document twice"),
        ("document-words", {f"{first}.documents.0": "a court order"}, "words where a code stands"),
        ("document-unknown-member", {f"{first}.x": 1}, "an unknown member beside measure and documents"),
        ("sum-zero", {f"{amount}.amount": 0}, "a threshold of nothing"),
        ("sum-text", {f"{amount}.amount": "500"}, "an amount as a text"),
        ("sum-bare", {f"{amount}.currency": None}, "an amount without a currency"),
        ("currency-lower-case", {f"{amount}.currency": "eur"}, "a currency in lower case"),
        ("sum-unknown-member", {f"{amount}.x": 1}, "an unknown member beside amount and currency"),
        ("service-0", {"requirements.service_days": 0}, "notice of no day"),
        ("service-51", {"requirements.service_days": 51}, "more than the 50 days of ETS30 7(3)"),
        ("reply-0", {"requirements.reply_days": 0}, "an answer after no day"),
        ("reply-3651", {"requirements.reply_days": 3651}, "an answer after more than ten years"),
        ("informs-words", {"requirements.informs_subjects": "yes"}, "a word where a boolean stands"),
    )
    for name, changes, comment in cases:
        yield Vector(
            folder="documents",
            name=f"profile-requirements-{name}",
            form="profile",
            expect="malformed",
            comment=comment,
            body=changed(good, changes),
        )
