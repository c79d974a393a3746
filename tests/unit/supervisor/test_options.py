"""Whatever is said of an application is taken, or refused with a sentence."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.application.options import Options
from insula.core.errors import Kind
from insula.supervisor.errors import InvalidDomain, InvalidOption, SupervisorError
from insula.supervisor.options import check_new
from insula.supervisor.wishes import DATABASE, OPTIONS, read

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=80),
    st.sampled_from(
        ["sqlite", "postgres", "new_schema", "new_connection", "withMain", "Europe/Berlin", "5432"]
    ),
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("name", "displayName", "cname", "pinned", "icon", "labels", "environments"), VALUES),
        "options": st.one_of(
            VALUES,
            st.fixed_dictionaries(
                {},
                optional={
                    **dict.fromkeys((*OPTIONS, "autoStart"), VALUES),
                    "database": st.one_of(
                        VALUES, st.fixed_dictionaries({}, optional=dict.fromkeys(DATABASE, VALUES))
                    ),
                },
            ),
        ),
    },
)


def main(dialect: str, url: str = "https://main.example.com") -> Any:
    return SimpleNamespace(
        database=SimpleNamespace(dialect=SimpleNamespace(name=dialect)), options=Options(url=url, main=True)
    )


# the first text waits for a table of all characters
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BODIES, st.sampled_from(["sqlite", "postgres", "mariadb"]))
def test_anything_is_taken_or_refused(body: dict[str, Any], dialect: str) -> None:
    try:
        wish = read(body)
        check_new(wish, main(dialect), dialect)
    except SupervisorError as error:
        assert error.kind is Kind.INVALID
        assert error.message
    else:
        json.dumps(wish.changes.get("options", {}))


def said(connection: str, **database: Any) -> dict[str, Any]:
    return {"options": {"dbConnType": connection, "database": database}}


SERVER = {"host": "db.example.com", "username": "u"}


@pytest.mark.parametrize(
    ("own", "body"),
    [
        ("sqlite", {}),
        ("sqlite", said("new_database", storage="apps/shop/data.sqlite")),
        ("sqlite", said("new_connection", storage="apps/shop/data.sqlite")),
        ("sqlite", said("new_database", dialect="postgres", **SERVER)),
        ("sqlite", said("new_schema", dialect="postgres", database="d", **SERVER)),
        ("postgres", said("new_schema")),
        ("postgres", said("new_schema", schema="shop")),
        ("postgres", said("new_database", database="shop")),
        ("postgres", said("new_database", dialect="sqlite")),
        ("postgres", said("new_connection", database="d", schema="s", **SERVER)),
        ("mariadb", said("new_connection", database="d", **SERVER)),
        ("mariadb", said("new_database", dialect="postgres", **SERVER)),
    ],
)
def test_what_fits_is_taken(own: str, body: dict[str, Any]) -> None:
    check_new(read(body), main(own), own)


@pytest.mark.parametrize(
    ("own", "body"),
    [
        ("sqlite", said("new_schema")),
        ("mariadb", said("new_schema")),
        ("sqlite", said("new_database", host="db")),
        ("sqlite", said("new_connection")),
        ("sqlite", said("new_database", dialect="postgres")),
        ("sqlite", said("new_schema", dialect="postgres", **SERVER)),
        ("postgres", said("new_connection", **SERVER)),
        ("postgres", said("new_database", schema="s")),
        ("postgres", said("new_database", dialect="mariadb", host="db")),
        ("mariadb", said("new_connection", database="d", schema="s", **SERVER)),
    ],
)
def test_what_does_not_fit_is_refused(own: str, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        check_new(read(body), main(own), own)


def test_what_fits_is_what_fits_the_service_of_its_environment() -> None:
    there = read(said("new_schema"))
    check_new(there, main("sqlite"), "postgres")
    with pytest.raises(InvalidOption, match="this is sqlite"):
        check_new(there, main("postgres"), "sqlite")


@pytest.mark.parametrize("url", ["https://shop.example.com", "http://SHOP.example.com:13000/"])
def test_main_s_own_address_is_no_domain_of_another(url: str) -> None:
    with pytest.raises(InvalidDomain):
        check_new(read({"cname": "shop.example.com"}), main("sqlite", url), "sqlite")
    check_new(read({"cname": "www.example.com"}), main("sqlite", url), "sqlite")
