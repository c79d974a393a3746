"""How each step of a plan is taken back, for databases whose changes of tables commit by themselves.

Nothing may be lost before the whole change is kept: so what a plan drops is put aside under another name, and dropped
at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from insula.data import schema_steps as steps


@dataclass(frozen=True, slots=True)
class Undoable:
    """A step, what takes it back, and what is left to do once the change is kept."""

    step: steps.Step
    undo: steps.Step | None = None
    finish: steps.Step | None = None


def undoable(plan: Iterable[steps.Step], *, fenced: bool = False) -> Iterator[Undoable]:
    """The steps of a plan in their order, with nothing that destroys.

    ``fenced``: a column whose values are converted is put aside before, and not after that. So no other process reads
    or writes it meanwhile, whose writing would be lost: it finds no such column, and waits for the end of the change.
    """
    converted: set[tuple[str, str]] = set()
    for step in plan:
        if fenced and isinstance(step, steps.Convert):
            converted.add((step.table, step.old.name))
            aside = _put_aside(step.table, step.old.name)
            yield aside
            yield Undoable(replace(step, source=aside.step.name))
        elif not (isinstance(step, steps.DropColumn) and (step.table, step.column) in converted):
            yield from _undoable(step)


def _undoable(step: steps.Step) -> Iterator[Undoable]:
    match step:
        case steps.DropTable(table):
            aside = steps.stable_name("gone", table, ())
            yield Undoable(
                steps.RenameTable(table, aside), steps.RenameTable(aside, table), steps.DropTable(aside)
            )
        case steps.DropColumn(table, name, was):
            yield from _released(table, was)
            yield _put_aside(table, name)
        case steps.SetRequired(table, column) | steps.DropRequired(table, column) if column.reference:
            # what becomes of a link when its record goes depends on whether it is needed
            required = isinstance(step, steps.SetRequired)
            before = replace(column, required=not required)
            yield Undoable(steps.DropReference(table, column.name, before), steps.AddReference(table, before))
            yield Undoable(step, inverse(step))
            after = steps.AddReference(table, replace(column, required=required))
            yield Undoable(after, inverse(after))
        case _:
            yield Undoable(step, inverse(step))


@dataclass(frozen=True, slots=True)
class _Aside(Undoable):
    step: steps.RenameColumn


def _put_aside(table: str, column: str) -> _Aside:
    aside = steps.stable_name("gone", table, (column,))
    back = steps.RenameColumn(table, aside, column)
    return _Aside(steps.RenameColumn(table, column, aside), back, steps.DropColumn(table, aside))


def _released(table: str, column: steps.Column | None) -> Iterator[Undoable]:
    """What is put aside must stand in nobody's way until it is dropped."""
    if column is not None and column.reference is not None:
        yield Undoable(steps.DropReference(table, column.name, column), steps.AddReference(table, column))
    if column is not None and column.required:
        yield Undoable(
            steps.DropRequired(table, replace(column, required=False)),
            steps.SetRequired(table, column, new=False),
        )


def inverse(step: steps.Step) -> steps.Step | None:
    """What takes back a step that destroys nothing; ``None`` for values, which go with their columns or may stay."""
    make = _INVERSES.get(type(step))
    return None if make is None else make(step)


_INVERSES: Final[Mapping[type, Callable[[Any], steps.Step]]] = {
    steps.CreateTable: lambda step: steps.DropTable(step.table),
    steps.RenameTable: lambda step: steps.RenameTable(step.name, step.table),
    steps.AddColumn: lambda step: steps.DropColumn(step.table, step.column.name, step.column),
    steps.RenameColumn: lambda step: steps.RenameColumn(step.table, step.name, step.column),
    steps.SetType: lambda step: steps.SetType(step.table, step.was, step.column),
    steps.SetRequired: lambda step: steps.DropRequired(step.table, step.column),
    steps.DropRequired: lambda step: steps.SetRequired(step.table, step.column, new=False),
    steps.AddReference: lambda step: steps.DropReference(step.table, step.column.name, step.column),
    steps.DropReference: lambda step: steps.AddReference(step.table, step.was),
    steps.CreateIndex: lambda step: steps.DropIndex(step.table, step.name, step),
    steps.DropIndex: lambda step: step.was,
}
