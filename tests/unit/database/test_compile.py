"""Compiling, cutting and binding, without a database."""

import pytest
import sqlalchemy as sa

from insula.database import errors
from insula.database.compile import cut
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.database.statement import SCHEMA_TOKEN

PEOPLE = sa.table(
    "people",
    sa.column("id", sa.Integer),
    sa.column("select", sa.String(3)),
    sa.column("price", sa.Numeric(10, 2)),
    sa.column("at", sa.DateTime(timezone=True)),
    schema=SCHEMA_TOKEN,
)


def test_text_is_cut_only_at_bare_tokens() -> None:
    text = f"""SELECT '{SCHEMA_TOKEN}.a''{SCHEMA_TOKEN}.', "x {SCHEMA_TOKEN}.b" FROM {SCHEMA_TOKEN}.t, "{SCHEMA_TOKEN}".u"""
    parts = cut(text)
    assert len(parts) == 3
    assert "S.".join(parts).endswith("FROM S.t, S.u")
    assert cut(f"my{SCHEMA_TOKEN}.t") == (f"my{SCHEMA_TOKEN}.t",)


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_every_identifier_is_quoted(name: str) -> None:
    statement = dialect(name).compile(sa.select(PEOPLE.c.select.label("from")).where(PEOPLE.c.id == 1))
    assert '"people"."select" AS "from"' in statement.text("")
    assert '"S"."people"."select"' in statement.text('"S".')


def test_parameters_are_cast_but_never_rounded() -> None:
    where = sa.and_(
        PEOPLE.c.price == sa.bindparam("p"), PEOPLE.c.select == "x", PEOPLE.c.at == sa.bindparam("at")
    )
    text = dialect("postgres").compile(sa.select(PEOPLE.c.id).where(where)).text("")
    assert "$1::NUMERIC " in text
    assert "$2::VARCHAR " in text
    assert text.endswith("$3::TIMESTAMPTZ")


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_what_writes(name: str) -> None:
    compile_ = dialect(name).compile
    assert not compile_(sa.select(PEOPLE)).writes
    assert not compile_(sa.union(sa.select(PEOPLE.c.id), sa.select(PEOPLE.c.id))).writes
    assert compile_(sa.insert(PEOPLE).returning(PEOPLE.c.id)).writes
    assert compile_(sa.text("SELECT 1")).writes
    assert compile_(sa.schema.CreateSchema("x")).is_ddl
    if name == "postgres":
        assert compile_(sa.select(PEOPLE).with_for_update()).writes
        gone = sa.delete(PEOPLE).returning(PEOPLE.c.id).cte("gone")
        assert compile_(sa.select(gone.c.id)).writes


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_binding(name: str) -> None:
    where = sa.and_(
        PEOPLE.c.id == sa.bindparam("b (1)%"), PEOPLE.c.id > 5, PEOPLE.c.id != sa.bindparam("b (1)%")
    )
    statement = dialect(name).compile(sa.select(PEOPLE.c.id).where(where))
    expected = [9, 5, 9] if name == "sqlite" else [9, 5]
    assert list(statement.arguments({"b (1)%": 9, "unused": 1})) == expected
    with pytest.raises(errors.MissingValue, match=r"b \(1\)%"):
        statement.arguments({})
    assert statement.arguments({"b (1)%": None})[0] is None


def test_nul_in_an_identifier() -> None:
    with pytest.raises(errors.CanNotCompile):
        dialect("postgres").compile(sa.select(sa.table("a\0b", sa.column("x"))))


def test_an_unknown_dialect_is_named() -> None:
    with pytest.raises(errors.UnknownDialect, match="oracle.*sqlite, postgres"):
        dialect("oracle")


def test_the_password_is_not_shown() -> None:
    options = DatabaseOptions(dialect="postgres", password="secret", host="db", port=5)
    assert "secret" not in repr(options)
    assert options.where == '"insula" on db:5'
