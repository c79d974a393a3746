"""Who may import into a collection that is still to be made."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from insula.application.application import Application
from insula.application.registry import Registry
from insula.testing.applications import MakeApplication
from insula.testing.people import ROOT, Head, People, accepted, refusal

DATA = b"name,age\nAda,36\n"


@pytest.fixture
async def house(make: MakeApplication, tmp_path: Path) -> AsyncIterator[Application]:
    made = make(*Registry.discover().plugins.values(), storage=tmp_path / "files")
    await made.install(ROOT)
    await made.start()
    yield made
    await made.stop()


async def send(web: httpx.AsyncClient, head: Head) -> httpx.Response:
    return await web.post("/imports:create?collection=fresh", content=DATA, headers=head)


@pytest.mark.parametrize(
    ("actions", "snippets", "told"),
    [
        (["import"], ["pm.import-export"], 'create on "collections"'),
        ([], ["pm.import-export", "pm.collections"], 'import on "fresh"'),
        (["import"], ["pm.collections"], 'create on "imports"'),
    ],
)
async def test_who_lacks_a_right_makes_nothing(
    people: People,
    house: Application,
    web: httpx.AsyncClient,
    actions: list[str],
    snippets: list[str],
    told: str,
) -> None:
    await people.role("clerk", actions, snippets)
    answer = await send(web, await people.add("clara", "clerk"))
    assert refusal(answer) == (403, "NO_PERMISSION")
    assert told in answer.json()["errors"][0]["message"]
    assert house.metadata.find("fresh") is None
    assert not (await house.jobs.store.unfinished())


async def test_who_has_all_rights_makes_it_and_fills_it(
    people: People, house: Application, web: httpx.AsyncClient
) -> None:
    await people.role("clerk", ["import", "view"], ["pm.import-export", "pm.collections"])
    head = await people.add("clara", "clerk")
    job = accepted(await send(web, head))["jobId"]
    assert (await house.jobs.finished(job)).status == "succeeded"
    assert [row["name"] for row in accepted(await web.get("/fresh:list", headers=head))] == ["Ada"]


async def test_an_existing_collection_needs_no_right_to_make_one(
    people: People, house: Application, web: httpx.AsyncClient
) -> None:
    await house.metadata.create_collection({"name": "fresh", "fields": [{"name": "name", "type": "string"}]})
    await people.role("clerk", ["import"], ["pm.import-export"])
    head = await people.add("clara", "clerk")
    path = '/imports:create?collection=fresh&columns={"age":null}'
    job = accepted(await web.post(path, content=DATA, headers=head))["jobId"]
    assert (await house.jobs.finished(job)).steps[0].result["imported"] == 1


async def test_records_are_updated_only_for_who_may_update_all_of_them(
    people: People, house: Application, web: httpx.AsyncClient
) -> None:
    fields = [{"name": "name", "type": "string", "unique": True}, {"name": "age", "type": "integer"}]
    await house.metadata.create_collection({"name": "fresh", "fields": fields, "createdBy": True})
    narrow = [{"name": "import"}, {"name": "update", "fields": ["name"]}]
    await people.role("importer", ["import"])
    await people.role("namer", fresh=narrow)
    await people.role("keeper", ["import", "update:own"])
    await people.role("editor", ["import", "update"])
    told = {}
    for role in ("importer", "namer", "keeper", "editor"):
        path = "/fresh:import?matchOn=name&existing=update"
        answer = await web.post(path, content=DATA, headers=await people.add(f"of_{role}", role))
        told[role] = refusal(answer)
        if answer.status_code == 200:
            await house.jobs.finished(answer.json()["data"]["jobId"])
    assert told == {
        "importer": (403, "NO_PERMISSION"),
        "namer": (400, "INVALID_IMPORT"),
        "keeper": (400, "INVALID_IMPORT"),
        "editor": (200, ""),
    }


async def test_who_may_import_sees_before_where_columns_go_among_the_fields_that_are_open(
    people: People, house: Application, web: httpx.AsyncClient
) -> None:
    fields = [{"name": "name", "type": "string"}, {"name": "age", "type": "integer"}]
    await house.metadata.create_collection({"name": "fresh", "fields": fields})
    await people.role("clerk", fresh=[{"name": "import", "fields": ["name"]}])
    await people.role("reader", ["view"])
    path = "/fresh:importPreview"
    answer = await web.post(path, content=DATA, headers=await people.add("clara", "clerk"))
    assert [column["field"] for column in accepted(answer)["columns"]] == ["name", None]
    answer = await web.post(path, content=DATA, headers=await people.add("rita", "reader"))
    assert refusal(answer) == (403, "NO_PERMISSION")
