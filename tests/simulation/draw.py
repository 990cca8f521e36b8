"""What a seed decides: everything is drawn here, from one generator, in one order.

A run draws from generators of its own, so that what is done later does not change what was decided. What no short campaign may
miss is appointed: each seed has its turn of steps, and some a hub, changing keys or payloads that rot.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from tests.simulation.options import (
    DAY,
    EVIL,
    HIDDEN,
    HOUR,
    HUB,
    NAMES,
    Cut,
    Death,
    Failure,
    Jump,
    KeyChange,
    Kind,
    Options,
    Planned,
    Rot,
    Window,
)
from tests.simulation.points import HUB_STEPS, KEY_STEPS, STEPS

_HUB_EACH, _HUB_FROM = 5, 2
"""Each fifth run has a hub, from the second on."""
_KEYS_EACH, _KEYS_FROM = 5, 4
"""In each fifth run, from the fourth on, keys change."""
_ROT_EACH, _ROT_FROM = 5, 1
"""In each fifth run, from the first on, payloads rot."""
_USES = ("seal", "sign", "ledger")


def draw(seed: int, kind: Kind) -> Options:
    """Decide a run."""
    chance = random.Random(f"{kind} {seed}")
    long = kind is Kind.LINE and seed % 25 == 0
    hub = seed % _HUB_EACH == _HUB_FROM or (long and seed % 200 == 0)
    lengths = (120.0, 600.0, HOUR) if hub else (120.0, 600.0, HOUR, 3 * HOUR)  # waiting at a hub costs calls
    safety = 2.2 * DAY if long else chance.choice(lengths)
    evil = kind is Kind.LINE and chance.random() < 0.6
    names = (*NAMES, HUB) if hub else NAMES
    at_the_hub = _appointed_at_the_hub(chance, seed // _HUB_EACH) if hub else []
    deaths, first = zip(_appointed(chance, seed), *at_the_hub, strict=True)
    changes: tuple[KeyChange, ...] = ()
    under_way: tuple[Planned, ...] = ()
    cut: tuple[Window, ...] = ()
    if seed % _KEYS_EACH == _KEYS_FROM:
        number = seed // _KEYS_EACH
        changes, under_way, cut = _under_way(chance, number, safety)
        deaths = (*deaths, *_deaths_at_a_change(chance, number, changes[0], under_way[0]))
    rot: tuple[Rot, ...] = ()
    if seed % _ROT_EACH == _ROT_FROM:
        rot, under_way, cut = _rotting(chance, safety)
    elif hub and chance.random() < 0.3:
        changes = (_some_change(chance, chance.uniform(0.0, safety * 0.8)),)
    return Options(
        seed=seed,
        kind=kind,
        safety_seconds=safety,
        planned=(*first, *under_way, *_messages(chance, safety, kind, long=long, evil=evil)),
        latency_seconds=chance.choice((0.001, 0.02, 0.3, 2.0)),
        loss=chance.choice((0.0, 0.02, 0.1) if hub else (0.0, 0.02, 0.1, 0.3)),
        duplication=chance.choice((0.0, 0.1, 0.5)),
        refusals=chance.choice((0.0, 0.0, 0.1)),
        bytes_per_second=chance.choice((1e9, 20_000.0) if hub else (1e9, 20_000.0, 2_000.0)),
        slow=chance.choice(names),
        windows=(*cut, *_windows(chance, safety, names, long=long)),
        deaths=(*deaths, *_once_more(deaths), *_deaths(chance, safety, kind, names)),
        jumps=_jumps(chance, safety, names),
        failures=_failures(chance, kind, names),
        opener_deaths=0.6 if deaths[0].step == "I6" else chance.choice((0.0, 0.0, 0.1, 0.6)),
        evil=evil,
        hub=hub,
        changes=changes,
        rot=rot,
        cuts=_cuts(random.Random(f"cuts {seed}"), names) if kind is Kind.STORAGE else (),
    )


def _cuts(chance: random.Random, names: Sequence[str]) -> tuple[Cut, ...]:
    """From a generator of their own: what a seed decided before there were any is as it was."""
    return tuple(
        Cut(
            node=chance.choice(names),
            call=chance.choice((chance.randint(1, 100), chance.randint(1, 1500))),
            down_seconds=chance.choice((5.0, 60.0)),
            silently=chance.random() < 0.5,
        )
        for _ in range(chance.randint(1, 4))
    )


def _appointed(chance: random.Random, seed: int) -> tuple[Death, Planned]:
    """A death at each step in turn, before and after it, and a message that leads there: no short campaign misses one."""
    step = STEPS[seed % len(STEPS)]
    sender, recipient = chance.sample(NAMES, 2)
    death = Death(
        node=sender if step.startswith("O") and step != "O6 done" else recipient,
        at=None,
        job=None,
        step=step,
        before=seed // len(STEPS) % 2 == 0,
        down_seconds=chance.choice((0.1, 5.0, 60.0)),
        silently=chance.random() < 0.3,
    )
    planned = Planned(
        at=0.0,
        sender=sender,
        recipient=recipient,
        urgent=False,
        large=step in ("O1", "I2", "I3"),
        days=None,
        wait=False,
        read=step == "I9",
    )
    return death, planned


def _appointed_at_the_hub(chance: random.Random, number: int) -> list[tuple[Death, Planned]]:
    """The same at two steps of the hub, and of who uses it: each comes up twice in a short campaign, before it and after it."""
    half, before = len(HUB_STEPS) // 2, number // len(HUB_STEPS) % 2 == 0
    steps = (HUB_STEPS[(number + shift) % len(HUB_STEPS)] for shift in (0, half))
    return [_death_at_the_hub(chance, step, before=before) for step in steps]


def _death_at_the_hub(chance: random.Random, step: str, *, before: bool) -> tuple[Death, Planned]:
    """A death at a step, and a message that can go no other way."""
    sender = chance.choice([name for name in NAMES if name != HIDDEN])
    death = Death(
        node=sender if step.startswith("O") else HIDDEN if step.startswith("M") else HUB,
        at=None,
        job=None,
        step=step,
        before=before,
        down_seconds=chance.choice((0.1, 5.0, 60.0)),
        silently=chance.random() < 0.3,
    )
    planned = Planned(
        at=0.0,
        sender=sender,
        recipient=HIDDEN,
        urgent=False,
        large=step in ("H1", "H5"),
        days=None,
        wait=False,
        read=False,
    )
    return death, planned


def _some_change(chance: random.Random, at: float) -> KeyChange:
    return KeyChange(node=chance.choice(NAMES), at=at, use=chance.choice(_USES), revoke=False)


def _under_way(
    chance: random.Random, number: int, safety: float
) -> tuple[tuple[KeyChange, ...], tuple[Planned, ...], tuple[Window, ...]]:
    """A key changes while two messages that are sealed to the one before cannot get through; and perhaps another key later."""
    sender, node = chance.sample(NAMES, 2)
    at = chance.uniform(5.0, safety * 0.4)
    revoke = KEY_STEPS[number % len(KEY_STEPS)] == "K5" or number % 6 == 0
    use = "seal" if revoke else _USES[number % len(_USES)]
    changes = [KeyChange(node=node, at=at, use=use, revoke=revoke)]
    if chance.random() < 0.5:
        changes.append(_some_change(chance, at + chance.uniform(0.0, safety * 0.4)))
    planned = tuple(
        Planned(
            at=when,
            sender=sender,
            recipient=node,
            urgent=False,
            large=False,
            days=None,
            wait=False,
            read=chance.random() < 0.5,
        )
        for when in (0.5, 1.0)
    )
    end = min(at + chance.uniform(20.0, 60.0), safety)
    cut = tuple(Window(source=a, target=b, begin=0.0, end=end) for a, b in ((sender, node), (node, sender)))
    return tuple(changes), planned, cut


def _rotting(
    chance: random.Random, safety: float
) -> tuple[tuple[Rot, ...], tuple[Planned, ...], tuple[Window, ...]]:
    """A payload that cannot go yet rots where it waits; another one somewhere, sent or received."""
    sender, recipient = chance.sample(NAMES, 2)
    planned = Planned(
        at=0.1,
        sender=sender,
        recipient=recipient,
        urgent=False,
        large=True,
        days=None,
        wait=False,
        read=False,
    )
    end = chance.uniform(20.0, 40.0)
    cut = tuple(
        Window(source=a, target=b, begin=0.0, end=end) for a, b in ((sender, recipient), (recipient, sender))
    )
    first = Rot(node=sender, at=5.0, received=False, gone=chance.random() < 0.5, mended_after=safety * 0.7)
    other = Rot(
        node=chance.choice(NAMES),
        at=chance.uniform(2.0, safety * 0.5),
        received=chance.random() < 0.7,
        gone=chance.random() < 0.5,
        mended_after=chance.uniform(30.0, safety * 0.4),
    )
    return (first, other), (planned,), cut


def _deaths_at_a_change(
    chance: random.Random, number: int, change: KeyChange, planned: Planned
) -> tuple[Death, ...]:
    """A death at a step of the change, or of the sender that hears of it; and where packages are sealed anew, at that."""
    steps = {KEY_STEPS[number % len(KEY_STEPS)]: None} | ({"K5": None} if change.revoke else {})
    return tuple(
        Death(
            node=planned.sender if step in ("K4", "K5") else change.node,
            at=None,
            job=None,
            step=step,
            before=True,
            down_seconds=chance.choice((0.1, 5.0, 60.0)),
            silently=False,
        )
        for step in steps
    )


def _once_more(deaths: Sequence[Death]) -> tuple[Death, ...]:
    """Whoever was appointed to die before a step of hubs or keys dies after it, too, when it comes round again."""
    return tuple(
        replace(each, before=not each.before) for each in deaths if each.step in (*HUB_STEPS, *KEY_STEPS)
    )


def _messages(
    chance: random.Random, safety: float, kind: Kind, *, long: bool, evil: bool
) -> tuple[Planned, ...]:
    count = chance.randint(5, 14) if kind is Kind.LINE else chance.randint(4, 10)
    found = []
    for _ in range(count):
        sender, recipient = chance.sample(NAMES, 2)
        if evil and chance.random() < 0.15:
            recipient = EVIL
        found.append(
            Planned(
                at=chance.uniform(0.0, safety * 0.9) if chance.random() < 0.5 else chance.uniform(0.0, 2.0),
                sender=sender,
                recipient=recipient,
                urgent=chance.random() < 0.3,
                large=chance.random() < 0.15,
                days=1 if chance.random() < (0.6 if long else 0.1) else None,
                wait=chance.random() < 0.3,
                read=chance.random() < 0.3,
            )
        )
    return tuple(sorted(found, key=lambda each: each.at))


def _windows(chance: random.Random, safety: float, names: Sequence[str], *, long: bool) -> tuple[Window, ...]:
    found = []
    for _ in range(chance.choice((0, 1, 2, 4))):
        source, target = chance.sample(names, 2)
        begin = chance.uniform(0.0, safety * 0.7)
        end = min(safety, begin + chance.uniform(1.0, safety))
        if chance.random() < 0.3:
            late = chance.uniform(0.5, 10.0)
            found.append(Window(source=source, target=target, begin=begin, end=end, late_seconds=late))
            continue
        found.append(Window(source=source, target=target, begin=begin, end=end))
        if chance.random() < 0.5:
            found.append(Window(source=target, target=source, begin=begin, end=end))
    if long:
        # Somebody hears nothing for longer than a package of a day lives; in half of these, the requests arrive all the same.
        source, target = chance.sample(NAMES, 2)
        found.append(Window(source=target, target=source, begin=5.0, end=2 * DAY))
        if chance.random() < 0.5:
            found.append(Window(source=source, target=target, begin=1.0, end=2 * DAY))
    return tuple(found)


def _deaths(chance: random.Random, safety: float, kind: Kind, names: Sequence[str]) -> tuple[Death, ...]:
    found = []
    for node in names:
        for _ in range(chance.choice((0, 1, 2, 4) if kind is Kind.LINE else (1, 2, 4))):
            how = chance.choice(("at", "job", "step", "step"))
            found.append(
                Death(
                    node=node,
                    at=chance.uniform(0.0, safety * 0.9) if how == "at" else None,
                    job=chance.choice((chance.randint(3, 20), chance.randint(3, 80)))
                    if how == "job"
                    else None,
                    step=chance.choice(HUB_STEPS if node == HUB else STEPS) if how == "step" else "",
                    before=chance.random() < 0.5,
                    down_seconds=chance.choice((0.1, 5.0, 60.0, min(HOUR, safety / 3))),
                    silently=chance.random() < 0.3,
                )
            )
    return tuple(found)


def _jumps(chance: random.Random, safety: float, names: Sequence[str]) -> tuple[Jump, ...]:
    if chance.random() < 0.7:
        return ()
    sizes = (DAY, -DAY, 400.0, -400.0, 1800.0, 30.0, -30.0)
    return tuple(
        Jump(node=chance.choice(names), at=chance.uniform(0.0, safety), seconds=chance.choice(sizes))
        for _ in range(chance.randint(1, 3))
    )


def _failures(chance: random.Random, kind: Kind, names: Sequence[str]) -> tuple[Failure, ...]:
    most = 25 if kind is Kind.LINE else 600
    return tuple(
        Failure(node=chance.choice(names), number=chance.randint(4, most), kept=chance.random() < 0.5)
        for _ in range(chance.choice((0, 0, 1, 2)))
    )
