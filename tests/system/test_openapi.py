"""The application against its own OpenAPI document, as everyone: no failure of ours, and nothing but what it says."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from insula.testing.instance import Instance

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PASSWORD = "correct horse battery 2"
EXAMPLES = {"root": 3, "member": 1, "anonymous": 1}
"""Of each action, good ones and bad ones."""
LEFT_OUT = ("auth:signOut", "auth:changePassword", "pm:disable", "pm:enable")
"""These change who asks, or what there is to ask, for all that comes after."""


@pytest.fixture
def server(dialect_settings: Mapping[str, str], tmp_path: Path) -> Iterator[Instance]:
    with Instance(tmp_path / "s", dialect_settings) as made:
        made.start()
        with operator_of(made) as operator:
            for name, fields in COLLECTIONS.items():
                wanted = {"name": name, "fields": fields, "createdBy": True, "createdAt": True}
                operator.post("/collections:create", json=wanted).raise_for_status()
            for number in range(5):
                operator.post("/books:create", json={"title": f"Book {number}", "pages": number})
        yield made


COLLECTIONS: Mapping[str, list[dict[str, Any]]] = {
    "authors": [{"name": "name", "type": "string", "unique": True}],
    "books": [
        {"name": "title", "type": "string"},
        {"name": "pages", "type": "integer"},
        {"name": "price", "type": "decimal"},
        {"name": "due", "type": "datetimeTz"},
        {"name": "day", "type": "dateOnly"},
        {"name": "lent", "type": "boolean"},
        {"name": "tags", "type": "array"},
        {"name": "more", "type": "json"},
        {"name": "author", "type": "belongsTo", "target": "authors", "foreignKey": "authorId"},
    ],
}


def operator_of(server: Instance) -> httpx.Client:
    """The local administrator. The caller closes it."""
    transport = httpx.HTTPTransport(uds=str(server.storage / "insula.sock"))
    return httpx.Client(transport=transport, base_url="http://insula/api/", timeout=30)


class Asker:
    """Someone with a role. Signs in anew, as a new user if need be, whenever what was asked has ended the session."""

    def __init__(self, server: Instance, role: str) -> None:
        self._server = server
        self._role = role
        self._number = 0
        self.headers: dict[str, str] = {}

    def renew(self) -> None:
        if self._role == "anonymous":
            return
        if self.headers:
            found = httpx.get(f"{self._server.address}/api/auth:check", headers=self.headers, timeout=30)
            if found.status_code == 200 and found.json()["data"].get("id"):
                return
        self._number += 1
        name = f"{self._role}{self._number}"
        with operator_of(self._server) as operator:
            wanted = {"username": name, "password": PASSWORD, "roles": [{"name": self._role}]}
            operator.post("/users:create", json=wanted).raise_for_status()
        with self._server.sign_in(name, PASSWORD) as client:
            self.headers = {"Authorization": client.headers["authorization"]}


def every_operation(document: Mapping[str, Any]) -> Iterator[Any]:
    for result in schemathesis.openapi.from_dict(dict(document)).get_all_operations():
        operation = result.ok()
        if not operation.path.lstrip("/").startswith(LEFT_OUT):
            yield operation


def probe(operation: Any, examples: int, ask: Callable[[Any], None]) -> None:
    """Ask an action about good and bad things, the same ones in each run."""

    @hypothesis.seed(20_261_121)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )
    def check(case: Any) -> None:
        ask(case)

    check()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", EXAMPLES)
def test_answers_are_those_of_the_document(server: Instance, role: str) -> None:
    asker = Asker(server, role)
    with operator_of(server) as operator:
        document = operator.get("/swagger:get").json()
    document = document.get("data", document)
    asked = 0
    faults: dict[str, str] = {}

    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        answer = case.call(base_url=f"{server.address}/api", headers=asker.headers, timeout=30)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as error:
            asked_for = f"{answer.request.method} {answer.request.url} {answer.request.body!r}"
            faults.setdefault(case.operation.label, f"{asked_for}\n{error}\n{answer.text[:500]}")

    for operation in every_operation(document):
        asker.renew()
        probe(operation, EXAMPLES[role], ask)
    assert asked > 100
    assert not faults, "\n\n".join(f"{label}: {text[:900]}" for label, text in faults.items())
    assert "Traceback" not in server.log
