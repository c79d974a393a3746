"""From the request to create an application to its first answer: a database, a schema, a file; and to wake one."""

import harness
from fleet import Fleet, fleet

ROUNDS = 9
VISITS = 30
PEER_CREATE = "3.5 s"
PEER_VISIT = "2.9-3.7 s, 503 meanwhile"
CASES = {
    "create, new database": ("postgres", "new_database", 0.25),
    "create, schema": ("postgres", "new_schema", 0.15),
    "create, SQLite": ("sqlite", "new_database", 0.05),
}
"""Name → main's dialect, what is made, goal in seconds."""
WAKE_GOALS_S = {"postgres": 0.04, "sqlite": 0.02}


def main() -> None:
    with harness.postgresql() as server:
        for dialect in WAKE_GOALS_S:
            with (
                harness.insula(server if dialect == "postgres" else None) as running,
                fleet(running) as many,
            ):
                many.made("warm")  # makes the template, once per version
                for name, (where, connection, goal_s) in CASES.items():
                    if where == dialect:
                        create(many, name, connection, goal_s)
                wake(many, dialect)


def create(many: Fleet, name: str, connection: str, goal_s: float) -> None:
    prefix = connection.replace("new_", "")
    times = [many.made(f"{prefix}{number}", connection) for number in range(ROUNDS)]
    seconds = harness.median(times)
    harness.report(
        name, seconds, "s", peer=PEER_CREATE, goal=f"<= {goal_s} s", met=seconds <= goal_s, worst=max(times)
    )


def wake(many: Fleet, dialect: str) -> None:
    goal_s = WAKE_GOALS_S[dialect]
    times = []
    for _ in range(VISITS):
        many.call("sleep", "warm")
        times.append(many.visit("warm"))
    seconds = harness.median(times)
    harness.report(
        f"first visit, {dialect}",
        seconds * 1e3,
        "ms",
        peer=PEER_VISIT,
        goal=f"<= {goal_s * 1e3:.0f} ms",
        met=seconds <= goal_s,
        worst=max(times) * 1e3,
    )


if __name__ == "__main__":
    main()
