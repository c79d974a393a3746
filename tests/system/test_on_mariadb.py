"""The main application on a real MariaDB: installed, used, killed, started again."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from insula.testing import servers
from insula.testing.instance import Instance

pytestmark = pytest.mark.parametrize("dialect_settings", ["mariadb"], indirect=True)

FIELDS = [
    {"name": "title", "type": "string", "unique": True},
    {"name": "pages", "type": "integer"},
    {"name": "facts", "type": "json"},
]


def test_a_day_in_its_life(dialect_settings: Mapping[str, str], tmp_path: Path) -> None:
    with Instance(tmp_path / "s", dialect_settings) as instance:
        instance.start()
        with instance.sign_in() as client:
            made = client.post("/collections:create", json={"name": "books", "fields": FIELDS})
            assert made.status_code == 200, made.text
            for number, title in enumerate(["Émile", "émile", 'it\'s 100 % \\ "?" 😀']):
                values = {"title": title, "pages": number, "facts": {"n": [number]}}
                assert client.post("/books:create", json=values).status_code == 200
            taken = client.post("/books:create", json={"title": "Émile"})
            assert (taken.status_code, taken.json()["errors"][0]["code"]) == (409, "CONFLICT")
            long = client.post("/books:create", json={"title": "x" * 300})
            assert (long.status_code, long.json()["errors"][0]["code"]) == (400, "VALIDATION_ERROR")
        instance.kill()
        instance.start()
        with instance.sign_in() as client:
            found = client.get(
                "/books:list", params={"filter": '{"pages":{"$gt":0}}', "sort": "-pages"}
            ).json()
            assert [(row["title"], row["facts"]) for row in found["data"]] == [
                ('it\'s 100 % \\ "?" 😀', {"n": [2]}),
                ("émile", {"n": [1]}),
            ]
            changed = client.post("/books:update?filterByTk=1", json={"pages": 7}).json()["data"]
            assert [(row["title"], row["pages"]) for row in changed] == [("Émile", 7)]
            assert client.post("/books:destroy?filterByTk=1").json() == {"data": 1}
            assert client.get("/books:list").json()["meta"]["count"] == 2
        assert instance.stop() == 0
        assert "Traceback" not in instance.log


def test_a_user_that_is_not_let_in_is_told_which_settings_to_look_at(
    dialect_settings: Mapping[str, str], tmp_path: Path
) -> None:
    poor = {**dialect_settings, "DB_USER": "insula_unknown", "DB_PASSWORD": "wrong"}
    with Instance(tmp_path / "s", poor) as instance:
        process = instance.begin()
        assert process.wait(servers.START_TIMEOUT_S) != 0
        assert "DB_USER and DB_PASSWORD" in instance.log
        assert "Traceback" not in instance.log
