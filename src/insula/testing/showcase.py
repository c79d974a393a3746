"""An installation as it may be after some weeks of use, for tests that look at every page and for the pictures of the documentation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from insula.testing.instance import ROOT_PASSWORD, Instance

APPLICATIONS: Final = (
    {"name": "sales", "displayName": "Sales", "icon": "📈", "pinned": True, "labels": ["customers"]},
    {"name": "support", "displayName": "Support desk", "icon": "🎧", "labels": ["customers"]},
    {"name": "warehouse", "displayName": "Warehouse", "labels": ["internal"]},
    {"name": "intranet", "displayName": "Intranet", "labels": ["internal"]},
)
SALES: Final = "sales"
"""The application whose own pages are looked at."""

_STATES: Final = (("open", "Open", "blue"), ("paid", "Paid", "green"), ("late", "Late", "red"))
_CUSTOMERS: Final = (
    "Aster & Co",
    "Bluebird Ltd",
    "Copper Works",
    "Delta Foods",
    "Elm Street Books",
    "Fjord Travel",
)


@dataclass(frozen=True)
class Shown:
    """A page to look at: its name in pictures, and its path."""

    name: str
    path: str
    main: bool = False
    """One of those that are also shown on a telephone."""


PAGES: Final = (
    Shown("launcher", "/admin/", main=True),
    Shown("applications", "/admin/settings/applications", main=True),
    Shown("add-application", "/admin/settings/applications/new", main=True),
    Shown("application", "/admin/settings/applications/sales", main=True),
    Shown("environments", "/admin/settings/environments"),
    Shown("jobs", "/admin/settings/jobs"),
    Shown("profile", "/admin/profile", main=True),
    Shown("home", "/apps/sales/admin/"),
    Shown("data", "/apps/sales/admin/data/orders", main=True),
    Shown("record", "/apps/sales/admin/data/orders?record=1", main=True),
    Shown("collections", "/apps/sales/admin/settings/collections"),
    Shown("collection", "/apps/sales/admin/settings/collections/orders", main=True),
    Shown("users", "/apps/sales/admin/settings/users"),
    Shown("roles", "/apps/sales/admin/settings/roles"),
    Shown("role", "/apps/sales/admin/settings/roles/member"),
    Shown("plugins", "/apps/sales/admin/settings/plugins"),
    Shown("api-keys", "/apps/sales/admin/settings/api-keys"),
    Shown("menu", "/apps/sales/admin/settings/menu"),
    Shown("system", "/apps/sales/admin/settings/system"),
)
TABS: Final = tuple(
    Shown(f"application-{tab}", f"/admin/settings/applications/{SALES}?tab={tab}")
    for tab in ("history", "jobs", "settings", "plugins", "figures")
)
"""What else the page of an application says."""

_PEOPLE: Final = (("grace", "Grace", "admin"), ("linus", "Linus", "member"), ("ines", "Inés", "member"))
_MENU: Final = (
    {"kind": "collection", "title": "Orders", "icon": "📦", "collection": "orders"},
    {"kind": "collection", "title": "Customers", "icon": "👥", "collection": "customers"},
    {"kind": "link", "title": "Price list", "icon": "🔗", "url": "https://example.com/prices"},
)


def _field(name: str, kind: str, interface: str, title: str, **more: Any) -> dict[str, Any]:
    schema = {"title": title, **more.pop("schema", {})}
    return {"name": name, "type": kind, "interface": interface, "uiSchema": schema, **more}


def _collections() -> list[dict[str, Any]]:
    states = [{"value": value, "label": label, "color": color} for value, label, color in _STATES]
    customer = _field("customer", "belongsTo", "m2o", "Customer", target="customers", foreignKey="customerId")
    customer["reverseField"] = {"name": "orders", "interface": "o2m", "uiSchema": {"title": "Orders"}}
    return [
        {
            "name": "customers",
            "title": "Customers",
            "fields": [
                _field("name", "string", "input", "Name", unique=True),
                _field("email", "string", "email", "E-mail"),
                _field("since", "dateOnly", "date", "Customer since"),
            ],
        },
        {
            "name": "orders",
            "title": "Orders",
            "description": "What customers have ordered.",
            "fields": [
                _field("number", "string", "input", "Number", unique=True),
                _field("state", "string", "select", "State", schema={"enum": states}),
                _field("total", "decimal", "decimal", "Total", precision=12, scale=2),
                _field("due", "dateOnly", "date", "Due"),
                _field("express", "boolean", "checkbox", "Express"),
                _field("note", "text", "textarea", "Note"),
                customer,
            ],
        },
    ]


def _fill(client: httpx.Client, at: str) -> None:
    for body in _collections():
        client.post(f"{at}/collections:create", json=body).raise_for_status()
    first = dt.date(2026, 1, 5)
    for number, name in enumerate(_CUSTOMERS):
        mail = f"office@{name.split()[0].lower()}.example"
        body = {"name": name, "email": mail, "since": str(first + dt.timedelta(days=31 * number))}
        client.post(f"{at}/customers:create", json=body).raise_for_status()
    for number in range(1, 61):
        state = _STATES[number % len(_STATES)][0]
        body = {
            "number": f"2026-{number:04}",
            "state": state,
            "total": f"{(number * 137) % 9000 + 49}.90",
            "due": str(first + dt.timedelta(days=number * 3)),
            "express": number % 7 == 0,
            "customer": number % len(_CUSTOMERS) + 1,
        }
        client.post(f"{at}/orders:create", json=body).raise_for_status()
    for username, nickname, role in _PEOPLE:
        body = {
            "username": username,
            "nickname": nickname,
            "email": f"{username}@example.com",
            "roles": [role],
        }
        client.post(f"{at}/users:create", json={**body, "password": ROOT_PASSWORD}).raise_for_status()
    group = {"kind": "group", "title": "Sales", "icon": "📈"}
    made = client.post(f"{at}/menuItems:create", json=group).raise_for_status().json()["data"]["id"]
    for item in _MENU:
        client.post(f"{at}/menuItems:create", json={**item, "parentId": made}).raise_for_status()
    key = {"name": "Web shop", "role": "root", "expiresIn": "30d"}
    client.post(f"{at}/apiKeys:create", json=key).raise_for_status()


@contextmanager
def showcase(folder: Path) -> Iterator[Instance]:
    """The installation, running on SQLite: four applications, of which one is stopped and one sleeps; people, orders and
    customers in one of them."""
    made = Instance(folder / "showcase", {"DB_DIALECT": "sqlite"})
    with made:
        made.start()
        with made.sign_in() as client:
            for body in APPLICATIONS:
                job = (
                    client.post("/applications:create", json=body).raise_for_status().json()["data"]["jobId"]
                )
                ended = made.wait_for_job(client, job)
                assert ended["status"] == "succeeded", ended
            client.post("/applications:stop/warehouse").raise_for_status()
            client.post("/applications:sleep/intranet").raise_for_status()
        with made.sign_in_to(SALES) as client:
            _fill(client, f"{made.address}/api/__app/{SALES}")
        yield made
        made.stop()
