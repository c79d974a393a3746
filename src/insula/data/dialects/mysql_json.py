"""JSON on MariaDB and MySQL: paths, and lists unfolded into rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from insula.data.words import Expression


def text_table(values: Expression) -> sa.TableValuedAlias:
    """The texts of a JSON list as rows, in a column ``value``."""
    columns: Expression = sa.literal_column("'$[*]' COLUMNS (value LONGTEXT PATH '$')")
    return sa.func.json_table(values, columns).table_valued(sa.column("value", sa.Text()))


def count_table(values: Expression) -> sa.TableValuedAlias:
    """A row for each value of a list, with its place from 1 on as ``n``."""
    columns: Expression = sa.literal_column("'$[*]' COLUMNS (n FOR ORDINALITY)")
    return sa.func.json_table(values, columns).table_valued(sa.column("n", sa.BigInteger()))


def json_path(path: Sequence[str]) -> Expression:
    """A path into JSON as text: ``$."a"[0]``."""
    steps = "".join(f"[{part}]" if part.isascii() and part.isdigit() else f'."{part}"' for part in path)
    return sa.literal("$" + steps, sa.Text())
