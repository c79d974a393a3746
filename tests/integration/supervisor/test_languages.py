"""What is found before an application is made, and what refuses it, in the language that a request asks for."""

import pytest

from insula.fleet.command import Verb
from insula.supervisor.control import failed
from insula.testing.supervised import Supervised

FRENCH = {"x-locale": "fr-FR"}


async def test_what_is_wrong_with_a_name_is_told_in_the_language_of_the_request(api: Supervised) -> None:
    async with await api.signed_in() as client:
        refused = await client.post("/applications:check", json={"name": "Shop 1"}, headers=FRENCH)
    (entry,) = refused.json()["errors"]
    assert (refused.status_code, entry["code"], entry["field"]) == (400, "VALIDATION_ERROR", "name")
    assert entry["message"].startswith("Le nom d’une application doit commencer par une lettre minuscule")


async def test_findings_are_told_in_the_language_of_the_request(api: Supervised) -> None:
    asked = {"name": "shop", "cname": "shop.invalid"}
    async with await api.signed_in() as client:
        english = (await client.post("/applications:check", json=asked)).json()["data"]
        french = (await client.post("/applications:check", json=asked, headers=FRENCH)).json()["data"]
    (found,) = (found for found in english["findings"] if found["code"] == "DOMAIN_UNRESOLVED")
    (told,) = (found for found in french["findings"] if found["code"] == "DOMAIN_UNRESOLVED")
    assert found["message"].startswith("The domain shop.invalid has no address yet")
    assert told["message"].startswith("Le domaine shop.invalid n’a pas encore d’adresse")
    assert told["remedy"].startswith("Faites mener shop.invalid par un enregistrement DNS")
    assert told["level"] == found["level"]


async def test_why_something_failed_is_told_in_the_language_of_the_request(api: Supervised) -> None:
    api.environment.failures[Verb.PREPARE] = "NO_ROOM"
    made = await api.done(await api.ask("create", {"name": "shop"}))
    french = "Impossible de préparer l’application shop dans l’environnement local"
    async with await api.signed_in() as client:
        (listed,) = (await client.get("/jobs:list?fields=id,error", headers=FRENCH)).json()["data"]
        one = (await client.get(f"/jobs:get/{made['id']}", headers=FRENCH)).json()["data"]
    assert made["error"].startswith("prepare: The application shop could not prepare")
    assert (
        listed["error"]
        == one["error"]
        == f"prepare\xa0: {french} (étape prepare)\xa0: prepare was told to fail"
    )
    (failed,) = (step for step in one["steps"] if step["status"] == "failed")
    assert f"prepare\xa0: {failed['error']}" == one["error"]


async def test_what_an_application_is_in_error_of_is_told_in_the_language_of_the_request(
    api: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.make("shop")
    status = failed("start", "it has not come to an end within 60 s; the log may tell why")
    monkeypatch.setattr(type(api.records), "statuses", lambda *_: {"local": status})
    async with await api.signed_in() as client:
        one = (await client.get("/applications:get/shop", headers=FRENCH)).json()["data"]
        (listed,) = (await client.get("/applications:list", headers=FRENCH)).json()["data"]
    assert one["failure"]["message"] == listed["failure"]["message"]
    assert one["failure"]["message"].startswith("cela ne s’est pas terminé en 60")


async def test_history_is_told_in_the_language_of_the_request(api: Supervised) -> None:
    await api.make("shop")
    await api.ask("stop", filterByTk="shop")
    async with await api.signed_in() as client:
        answers = [await client.get("/applications:history/shop", headers=head) for head in ({}, FRENCH)]
    wanted = [
        [(row["wanted"], row["reason"], row["actor"]) for row in rows if row["wanted"] is not None]
        for rows in (answer.json()["data"] for answer in answers)
    ]
    by, job = "the local administrator", "the job that makes it"
    assert wanted[0] == [("stopped", "stopped", by), ("running", "started", job), ("running", "created", by)]
    by, job = "l’administrateur local", "la tâche qui la crée"
    assert wanted[1] == [("stopped", "arrêtée", by), ("running", "démarrée", job), ("running", "créée", by)]


async def test_what_a_job_does_is_told_in_the_language_of_the_request(api: Supervised) -> None:
    made = await api.done(await api.ask("create", {"name": "shop", "displayName": "The shop"}))
    log = ["2026-11-22T10:00:00.000Z migration 1 of 3: users", "2026-11-22T10:00:01.000Z 7 rows"]
    steps = [{**made["steps"][0], "log": log}, *made["steps"][1:]]
    await api.main.repository.update("jobs", {"steps": steps}, keys=[made["id"]], scopes=api.everything)
    async with await api.signed_in() as client:
        (listed,) = (await client.get("/jobs:list", headers=FRENCH)).json()["data"]
        one = (await client.get(f"/jobs:get/{made['id']}", headers=FRENCH)).json()["data"]
    assert made["title"] == "Create the application The shop"
    assert listed["title"] == one["title"] == "Créer l’application The shop"
    assert one["steps"][0]["log"] == [
        "2026-11-22T10:00:00.000Z migration 1 sur 3\xa0: users",
        "2026-11-22T10:00:01.000Z 7 rows",
    ]
