"""The words of SQLite.

Parts and LIKE are its own ``GLOB`` (``filters.globs``), or its ``LIKE`` where that is right and faster; regular
expressions and local times are functions that every connection has (``insula.database.dialects.sqlite_functions``),
since SQLite has none. Lists are bound as JSON text, which ``json_each`` unfolds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from insula.data.dialects.sqlite_columns import STORAGES
from insula.data.filters.globs import glob
from insula.data.filters.shape import CASTS
from insula.data.filters.text import LikeText
from insula.data.lists import ListOf
from insula.data.words import Condition, Expression, Words

if TYPE_CHECKING:
    from insula.data.filters.base import Operand

_ONE: sa.ColumnClause[int] = sa.literal_column("1")
_ZERO: sa.ColumnClause[int] = sa.literal_column("0")
_PARTS = {
    "YYYY": (1, 4),
    "MM": (6, 2),
    "DD": (9, 2),
    "HH": (12, 2),
    "hh": (12, 2),
    "mm": (15, 2),
    "ss": (18, 2),
}
"""Where each part stands in ``2026-01-02 03:04:05`` (first character, length)."""


class Sqlite(Words):
    """SQLite."""

    storages = STORAGES

    def list_type(self, item: TypeEngine[Any]) -> TypeEngine[Any]:
        return sa.Text()

    def encode_list(self, items: list[Any]) -> Any:
        return orjson.dumps(items).decode()

    def among(self, column: Expression, values: sa.BindParameter[Any]) -> Condition:
        each = sa.func.json_each(values).table_valued("value")
        return column.in_(sa.select(each.c.value))

    def like_pattern(self, pattern: str, *, folded: bool) -> str:
        return glob(pattern, folded)

    def like(self, operand: Operand, variant: str, *, folded: bool) -> Condition:
        """Its LIKE, eight times as fast as GLOB with classes, disregards case in ASCII: enough for a pattern of
        ASCII, but for the few other letters that equal one of ASCII. For everything else GLOB."""
        column, one = operand.column, LikeText(folded)
        if variant == "any":
            each = sa.func.json_each(operand.bind(ListOf(one))).table_valued("value")
            found = column.op("GLOB", is_comparison=True)(each.c.value)
            return sa.exists(sa.select(_ONE).select_from(each).where(found))
        if variant == "one":
            return column.op("GLOB", is_comparison=True)(operand.bind(one))
        ascii_ = sa.type_coerce(column, sa.Text()).like(operand.bind(sa.Text()), escape="\\")
        if variant == "ascii":
            return ascii_
        others = [sa.func.instr(column, sa.literal_column(f"'{one}'")) > _ZERO for one in "\u212a\u0130"]
        exactly = column.op("GLOB", is_comparison=True)(operand.bind(one))
        return sa.or_(ascii_, sa.and_(sa.or_(*others), exactly))

    def regexp_pattern(self, pattern: str) -> str:
        return pattern

    def regexp(self, column: Expression, pattern: Expression, *, folded: bool) -> Condition:
        found: Condition = sa.func.insula_regexp(column, pattern, _ONE if folded else _ZERO) == _ONE
        return found

    def json_literal(self, text: str) -> Expression:
        return sa.literal_column(f"'{text}'")

    def json_kind(self, column: Expression) -> Expression:
        return sa.func.json_type(column)

    def json_part(self, column: Expression, path: Sequence[str], cast: str) -> Expression:
        where = json_path(path)
        kind = sa.func.json_type(column, where)
        value = sa.func.json_extract(column, where)
        if cast == "any":
            return sa.case((kind != sa.literal_column("'null'"), value))
        wanted = {"text": ("text",), "number": ("integer", "real"), "boolean": ("true", "false")}[cast]
        found = kind.in_([sa.literal_column(f"'{name}'") for name in wanted])
        return sa.type_coerce(sa.case((found, value)), CASTS[cast].type.column_type(CASTS[cast]))

    def same_members(self, members: Expression, wanted: Expression) -> Condition:
        return sa.and_(
            members.is_not(None),
            sa.not_(_some_member(members, wanted, among=False)),
            sa.not_(_some_member(wanted, members, among=False)),
        )

    def common_member(self, members: Expression, wanted: Expression) -> Condition:
        return _some_member(members, wanted, among=True)

    def average(self, column: Expression, *, distinct: bool) -> Expression:
        return sa.cast(sa.func.avg(column.distinct() if distinct else column), sa.Double())

    def moment(self, seconds: Expression) -> Expression:
        pattern: Expression = sa.literal_column("'%Y-%m-%dT%H:%M:%SZ'")
        return sa.func.strftime(pattern, seconds, sa.literal_column("'unixepoch'"))

    def date_text(
        self, column: Expression, kind: str, tokens: Sequence[tuple[bool, str]], zone: str | None
    ) -> Expression:
        moment: Expression = sa.type_coerce(column, sa.Text())
        if zone is not None:
            moment = sa.func.insula_local(moment, sa.literal(zone, sa.Text()))
        elif kind == "dateOnly":
            moment = moment.op("||")(sa.literal_column("' 00:00:00'"))
        pieces = [_date_part(moment, text) if part else sa.literal(text, sa.Text()) for part, text in tokens]
        whole = pieces[0]
        for piece in pieces[1:]:
            whole = whole.op("||")(piece)
        return sa.type_coerce(whole, sa.Text())

    def insert_unless_there(self, insert: sa.Insert, values: Mapping[str, Any]) -> sqlite.Insert:
        return sqlite.insert(insert.table).values(values).on_conflict_do_nothing()


def json_path(path: Sequence[str]) -> Expression:
    """A path into JSON as text: ``$."a"[0]``."""
    steps = "".join(f"[{part}]" if part.isascii() and part.isdigit() else f'."{part}"' for part in path)
    return sa.literal("$" + steps, sa.Text())


def _date_part(moment: Expression, name: str) -> Expression:
    if name == "Q":
        month = sa.cast(sa.func.substr(moment, 6, 2), sa.Integer())
        return sa.cast((month + sa.literal_column("2")) // sa.literal_column("3"), sa.Text())
    first, length = _PARTS[name]
    return sa.func.substr(moment, sa.literal_column(str(first)), sa.literal_column(str(length)))


def _some_member(members: Expression, others: Expression, *, among: bool) -> Condition:
    """Some of ``members`` is (or is not) ``among`` the ``others``; both JSON arrays."""
    member = sa.func.json_each(members).table_valued("value", "type")
    other = sa.func.json_each(others).table_valued("value", "type")
    same = sa.and_(
        member.c.value.is_not_distinct_from(other.c.value), _is_boolean(member) == _is_boolean(other)
    )
    there = sa.exists(sa.select(_ONE).select_from(other).where(same).correlate(member))
    return sa.exists(sa.select(_ONE).select_from(member).where(there if among else sa.not_(there)))


def _is_boolean(member: sa.TableValuedAlias) -> Condition:
    """SQLite gives JSON's true and 1 as the same value."""
    return member.c.type.in_((sa.literal_column("'true'"), sa.literal_column("'false'")))


WORDS = Sqlite()
