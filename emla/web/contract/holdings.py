"""What messages have brought, in answers about packages and cases: shapes, no calls."""

from emla.web.contract.call import Count, Day, Digits32, Instant, Shape


class Limit(Shape, frozen=True, kw_only=True):
    """A limit of use; `id` is empty for one that was accepted as a condition."""

    limit: str
    id: str
    until: Day | None


class Label(Shape, frozen=True, kw_only=True):
    """How something must be handled now; `onward` counts the limits."""

    level: str
    confidential: bool
    limits: list[Limit]
    onward: str
    releasable_to: list[str]
    not_releasable_to: list[str]
    sealed_from_subject: bool
    sealed_until: Day | None
    undisclosed_until: Day | None
    kept_until: Day | None
    review_on: Day | None
    disposition: str | None
    sensitive: list[str]


class Restricted(Shape, frozen=True, kw_only=True):
    """A change of the label."""

    by: str
    message_id: Digits32
    since: Instant


class Recall(Shape, frozen=True, kw_only=True):
    """A recall; `result` is null until the holder has answered."""

    by: str
    message_id: Digits32
    at: Instant
    reason: str
    action: str
    due_on: Day | None
    result: str | None


class Consent(Shape, frozen=True, kw_only=True):
    """The owner's answer to a question for another use; `holds`: it frees from something."""

    message_id: Digits32
    decision: str
    until: Day | None
    recipients: list[str]
    holds: bool


class Disclosed(Shape, frozen=True, kw_only=True):
    """Notice that exonerating material is disclosed."""

    message_id: Digits32
    on: Day | None


class Barred(Shape, frozen=True, kw_only=True):
    """Why something is not handed out."""

    code: str
    detail: str


class Thing(Shape, frozen=True, kw_only=True):
    """The message itself (`id` is empty), a file or an item; `part` is its number in a package that is looked at."""

    id: str
    kind: str
    label: Label
    restricted: list[Restricted]
    recalled: Recall | None
    consents: list[Consent]
    disclosed: list[Disclosed]
    barred: Barred | None
    part: Count | None


class Holding(Shape, frozen=True, kw_only=True):
    """What one message has brought, and what binds who holds it; `binds_us`: we hold it, and it is not ours."""

    sender: str
    message_id: Digits32
    message_type: str
    owner: str
    holder: str
    binds_us: bool
    things: list[Thing]
