"""People, tokens and reads on the screen."""

from emla.cli import screen
from emla.client.people_answers import ContentRead, Person, Token

COLUMNS = ("Name", "Full name", "Roles", "State", "Password")
TOKEN_COLUMNS = ("Token", "For", "Roles", "Expires", "State")
READ_COLUMNS = ("At", "Who", "As", "What", "Id", "Part", "Malware scan", "Allowed")


def person_row(person: Person) -> tuple[str, ...]:
    """A person in a list."""
    return (
        person.name,
        person.full_name,
        ", ".join(person.roles),
        person.state.lower(),
        "yes" if person.has_password else "no",
    )


def token_row(token: Token) -> tuple[str, ...]:
    """A token in a list."""
    state = "ended" if token.revoked_at else "invitation" if token.invitation else "in use"
    return (token.id, token.label, ", ".join(token.roles), f"{token.expires_at:%Y-%m-%d}", state)


def read_row(read: ContentRead) -> tuple[str, ...]:
    """A read in a list."""
    return (
        f"{read.at:%Y-%m-%d %H:%M:%S}",
        read.name or read.person,
        read.role or "-",
        read.what,
        read.id[:16],
        "-" if read.part is None else str(read.part),
        read.scan or "",
        "yes" if read.allowed else "no",
    )


def show_person(person: Person) -> None:
    """A person with tokens and cases."""
    screen.facts(
        [
            ("Name", f"{person.name} ({person.full_name})"),
            ("Id", f"{person.id} (so the ledger names this person)"),
            ("Roles", ", ".join(person.roles)),
            ("State", person.state.lower()),
            ("Since", f"{person.created_at:%Y-%m-%d}"),
            ("Password", "yes" if person.has_password else "no"),
            ("Cases", ", ".join(person.cases) or "none"),
        ]
    )
    if person.tokens:
        screen.table(TOKEN_COLUMNS, [token_row(each) for each in person.tokens], fold=("Roles",))


def show_invitation(person: Person) -> None:
    """The invitation of a person, once."""
    screen.say(person.invitation or "")
    screen.note(
        f"This invitation is shown once. Give it to {person.full_name} by hand; it ends in three days."
    )
    screen.note("There: EMLA_TOKEN=INVITATION emla token new --save")
