"""What is found before an application is made, and what refuses it, in the language that a request asks for."""

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
