"""Whether what is there already may be used for an application: the same for trying and for doing, on all dialects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from insula.core.names import MAIN
from insula.database.provision.base import MAIN_AS_OWNER, Order, refuse_owner
from insula.database.provision.errors import (
    HoldsApplication,
    HoldsNone,
    LivesElsewhere,
    NameTaken,
    OwnedByAnother,
    Unfit,
)
from insula.database.provision.ownership import Kept, Stamp, stamped


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the marks of a place say."""

    problem: Unfit | None = None
    made: bool = False
    """It bears the order's stamp: it was made before."""
    adopted: bool = False
    """It holds an application that the order names, and that lives nowhere."""


def judge(order: Order, comments: Iterable[str | None], kept: Kept | None, content: Sequence[str]) -> Verdict:
    """By the stamps that the place and what it stands in bear, what an application there says, and what else is there."""
    stamps = [comment for comment in comments if stamped(comment) is not None]
    found = [Stamp.parse(comment) for comment in stamps]
    owner = kept.owner if kept else None
    if owner is not None and owner.application == MAIN:
        return Verdict(
            OwnedByAnother(what=order.named, owner=MAIN_AS_OWNER, remedy="give another database or schema")
        )
    holders = [stamp for stamp in (*found, owner) if stamp is not None]
    if None in found:
        return Verdict(refuse_owner(order, None))
    others = [stamp for stamp in holders if stamp.id != order.stamp.id]
    if not others and holders:
        return Verdict(made=True)
    if others:
        return _of_others(order, others, kept)
    if content:
        return Verdict(_taken(order, content))
    if order.adopt is not None:
        return Verdict(HoldsNone(what=order.named, remedy="leave adopt out to make a new application there"))
    return Verdict()


def _of_others(order: Order, others: Sequence[Stamp], kept: Kept | None) -> Verdict:
    owner = kept.owner if kept else None
    foreign = next((stamp for stamp in others if owner is None or stamp.id != owner.id), None)
    if kept is None or owner is None or foreign is not None or order.what != "new_connection":
        return Verdict(refuse_owner(order, foreign or others[0]))
    if order.adopt is None or order.adopt != owner.id:
        remedy = f"to take it over say adopt={owner.id}; else give another database or schema"
        if order.adopt is not None:
            remedy = f"the stamp {order.adopt} is that of another one; {remedy}"
        return Verdict(
            HoldsApplication(what=order.named, application=owner.application, stamp=owner.id, remedy=remedy)
        )
    if home := kept.elsewhere(order.installation):
        remedy = "stop it there first, or wait until it has not been seen for 18 minutes"
        return Verdict(
            LivesElsewhere(what=order.named, application=owner.application, at=home.seen_at, remedy=remedy)
        )
    return Verdict(adopted=True)


def _taken(order: Order, content: Sequence[str]) -> NameTaken:
    named = ", ".join(content[:3]) + (" …" if len(content) > 3 else "")
    return NameTaken(
        what=order.named, content=named, remedy="give another name, database or schema, or empty this one"
    )
