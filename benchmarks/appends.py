"""A list of 20 with two levels of appends: statements sent to PostgreSQL, and server CPU for each."""

import json
import urllib.parse

import harness

GOAL_STATEMENTS = 3
GOAL_CPU_MS = 0.6
AUTHORS = 50
SLICES = 3


def build(running: harness.Running) -> str:
    """Posts → author → company; gives the path of the list."""
    with running.client() as client:

        def post(path: str, body: object) -> None:
            client.post(f"/{path.lstrip('/')}", json=body).raise_for_status()

        post("/collections:create", {"name": "companies", "fields": [{"name": "name", "type": "string"}]})
        post(
            "collections:create",
            {
                "name": "authors",
                "fields": [
                    {"name": "name", "type": "string"},
                    {
                        "name": "company",
                        "type": "belongsTo",
                        "target": "companies",
                        "foreignKey": "companyId",
                    },
                ],
            },
        )
        post(
            "collections:create",
            {
                "name": "posts",
                "simplePaginate": True,
                "fields": [
                    *harness.FIELDS,
                    {"name": "author", "type": "belongsTo", "target": "authors", "foreignKey": "authorId"},
                ],
            },
        )
        for number in range(10):
            post("/companies:create", {"name": f"Company {number}"})
        for number in range(AUTHORS):
            post("/authors:create", {"name": f"Author {number}", "company": number % 10 + 1})
        import random

        chance = random.Random(7)
        for number in range(1000):
            post("/posts:create", {**harness.record(number, chance), "author": number % AUTHORS + 1})
    return "posts:list?" + urllib.parse.urlencode([("appends[]", "author"), ("appends[]", "author.company")])


def statements(server: harness.servers.Server, running: harness.Running, path: str) -> int:
    """Statements that one list sends, counted in PostgreSQL's own log."""
    import asyncio

    import asyncpg

    async def switch(value: str) -> None:
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database="postgres",
        )
        await connection.execute(f"ALTER SYSTEM SET log_statement = '{value}'")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    log = server.folder / "log"
    asyncio.run(switch("all"))
    with running.client() as client:
        seen = 0
        for _ in range(200):  # the setting reaches each backend a little later
            before = log.stat().st_size
            client.get(f"/{path}").raise_for_status()
            with log.open("rb") as file:
                file.seek(before)
                text = file.read().decode()
            seen = text.count("execute ") + text.count("LOG:  statement:")
            if seen:
                break
    asyncio.run(switch("none"))
    return seen


def main() -> None:
    with harness.postgresql() as server, harness.insula(server) as running:
        path = build(running)
        with running.client() as client:
            row = client.get(f"/{path}").json()["data"][0]
            if "name" not in row["author"]["company"]:
                raise RuntimeError(json.dumps(row))
        sent = statements(server, running, path)
        slices = [harness.load(running, path) for _ in range(SLICES)]
        cpu = harness.median([slice_.cpu_ms for slice_ in slices])
        harness.report(
            "appends",
            cpu,
            "ms of server CPU",
            peer="not measured",
            goal=f"<= {GOAL_STATEMENTS} statements, <= {GOAL_CPU_MS} ms",
            met=0 < sent <= GOAL_STATEMENTS and cpu <= GOAL_CPU_MS,
            statements=sent,
            per_s=harness.median([slice_.per_s for slice_ in slices]),
        )


if __name__ == "__main__":
    main()
