"""Dockets: the acts of a case as they are kept -> the case. Opened and folded anew when an act has come, never stored.

Rules of this file:
- A case is read with those it names and those that name it: what follows a preservation is another case. So many of them, and so
  many acts, as the limits say; a case with more says that it is not whole.
- Opening and folding many acts takes processor time: it is done on a thread, and kept until another act is there.
- An act that cannot be opened (another content key, a damaged row) is left out, and the case says that it is not whole.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emla.cases.docket import Docket
from emla.cases.fold import fold
from emla.cases.tag import case_tag
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.formats.act_at_rest import open_act
from emla.model.legal_act import Key, LegalAct
from emla.ports.cases import ActRow, CaseReader

logger = logging.getLogger("emla.case")

ACTS_MAX = 4000
"""Acts of one case, and of those related to it: folding so many takes two seconds."""
CASES_MAX = 32
_KEPT_MAX = 256
_ON_THREAD = 8
"""From so many acts on a thread is worth the way to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case as it stands here."""

    case_id: bytes
    cases: tuple[bytes, ...]
    """It and those it was read with."""
    version: tuple[int, int]
    """How many acts were read, and the highest number among their packages."""
    acts: tuple[LegalAct, ...]
    packages: Mapping[tuple[Key, bytes], ActRow]
    """The first package that brought an act, by its key and digest."""
    docket: Docket
    whole: bool
    """False where acts are here that were not read."""

    @property
    def own(self) -> tuple[LegalAct, ...]:
        """The acts of the case itself."""
        return tuple(each for each in self.acts if each.case_id == self.case_id)

    @property
    def tag(self) -> str:
        """As `emla.cases.tag` says; of the acts of the case itself."""
        return case_tag(self.own)

    def package_of(self, act: LegalAct) -> ActRow | None:
        """The package that brought an act."""
        return self.packages.get((act.key, act.digest))


class Dockets:
    """The cases of one gateway."""

    def __init__(self, gateway: Gateway, news: News) -> None:
        self._gateway = gateway
        self._news = news
        self._kept: OrderedDict[bytes, tuple[tuple[tuple[int, int], ...], Held]] = OrderedDict()

    def tell(self, case_id: bytes) -> None:
        """An act of a case is durable: wake who watches it."""
        self._news.tell(case_id)

    def forget(self, case_id: bytes) -> None:
        """Keep nothing in memory of a case that is to be erased, nor of those it was read with."""
        for each in [key for key, (_, held) in self._kept.items() if case_id in held.cases]:
            del self._kept[each]
        self._news.tell(case_id)

    async def of(self, case_id: bytes, also: Sequence[bytes] = ()) -> Held:
        """A case with what it is related to.

        Args:
            case_id: the case; one of which nothing is here has no acts.
            also: cases that a message names which is not kept yet.
        """
        rows, cases, whole = _related(self._gateway.store.read, (case_id, *also))
        state = tuple((each.number, each.at) for each in rows)
        kept = self._kept.get(case_id)
        if kept is not None and kept[0] == state and kept[1].cases == cases:
            self._kept.move_to_end(case_id)
            return kept[1]
        key = self._gateway.identity.content_key
        if len(rows) < _ON_THREAD:
            held = _held(case_id, cases, rows, key, whole=whole)
        else:
            held = await asyncio.to_thread(_held, case_id, cases, rows, key, whole=whole)
        if not also:
            self._kept[case_id] = (state, held)
            if len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        return held


def _related(read: CaseReader, begin: Sequence[bytes]) -> tuple[list[ActRow], tuple[bytes, ...], bool]:
    """The rows of the cases that hang together with some, these cases, and whether that is all of them."""
    rows: list[ActRow] = []
    cases = list(dict.fromkeys(begin))
    whole = True
    for case_id in cases:  # grows while it is walked
        left = ACTS_MAX - len(rows)
        found = read.acts_of_case(case_id, left + 1)
        whole = whole and len(found) <= left
        rows += found[:left]
        for other in read.linked_cases(case_id, CASES_MAX + 1):
            if other not in cases and len(cases) < CASES_MAX:
                cases.append(other)
            elif other not in cases:
                whole = False
    return rows, tuple(cases), whole


def _held(
    case_id: bytes, cases: tuple[bytes, ...], rows: Sequence[ActRow], content_key: bytes, *, whole: bool
) -> Held:
    acts: list[LegalAct] = []
    packages: dict[tuple[Key, bytes], ActRow] = {}
    for row in rows:
        act = open_act(row.sealed, content_key=content_key, pid=row.pid)
        if act is None:
            logger.error("act unreadable", extra={"pid": row.pid.hex()})
            whole = False
        else:
            acts.append(act)
            packages.setdefault((act.key, act.digest), row)
    return Held(
        case_id=case_id,
        cases=cases,
        version=(len(rows), max((each.number for each in rows), default=0)),
        acts=tuple(acts),
        packages=packages,
        docket=fold(acts),
        whole=whole,
    )
