"""One application in two environments: how long after a change on one was answered the other goes by it. A field of a
collection, a permission of a role, and a token that was revoked, by turns; both workers are asked at their own address."""

import time

import harness
import httpx
from environments import head

from insula.testing.instance import ROOT_PASSWORD, Instance

ROUNDS = 30
GOAL_MS = 1000.0
PATIENCE_S = 30.0
SHOP = "shop"
CLERK = "clerk"
VIEW = [{"name": "view"}]


class Side:
    """The application as one worker serves it."""

    def __init__(self, worker: Instance) -> None:
        self._at = f"{worker.address}/api/__app/{SHOP}"
        self._root = worker.sign_in_to(SHOP)

    def ask(self, path: str, head: dict[str, str] | None = None) -> int:
        """The status of what is read; as the administrator unless said otherwise."""
        return self._root.get(f"{self._at}/{path}", headers=head).status_code

    def change(self, path: str, head: dict[str, str] | None = None, **body: object) -> httpx.Response:
        """What changes something. Raises where it is refused."""
        return self._root.post(f"{self._at}/{path}", json=body, headers=head).raise_for_status()

    def clerk(self) -> dict[str, str]:
        """The head of the member of the role, signed in anew."""
        answer = self.change("auth:signIn", account=CLERK, password=ROOT_PASSWORD)
        self._root.cookies.clear()
        return {"Authorization": f"Bearer {answer.json()['data']['token']}"}

    def close(self) -> None:
        self._root.close()


def main() -> None:
    with head("w1", "w2") as running:
        running.fleet.make(running.client, SHOP, "w1", environments=["w1", "w2"])
        a, b = (Side(running.fleet.worker(name)) for name in ("w1", "w2"))
        try:
            prepare(a)
            metadata(a, b)
            role(a, b)
            token(a, b)
        finally:
            a.close()
            b.close()


def prepare(side: Side) -> None:
    """A collection, and a member whose role may look at it."""
    side.change("collections:create", name="notes", fields=[{"name": "title", "type": "string"}])
    side.change("roles:create", name=CLERK, strategy={"actions": []}, snippets=[])
    side.change(f"roles/{CLERK}/resources:create", name="notes", usingActionsConfig=True, actions=VIEW)
    side.change("users:create", username=CLERK, password=ROOT_PASSWORD, roles=[CLERK])


def metadata(a: Side, b: Side) -> None:
    took = []
    for number in range(ROUNDS):
        a.change("collections/notes/fields:create", name=f"f{number}", type="string")
        took.append(until(200, b, f"notes:list?filter[f{number}]=x"))
    tell("a field", took)


def role(a: Side, b: Side) -> None:
    took = []
    clerk = a.clerk()
    for number in range(ROUNDS):
        may = bool(number % 2)
        path = f"roles/{CLERK}/resources:update?filter[name]=notes"
        a.change(path, name="notes", usingActionsConfig=True, actions=VIEW if may else [])
        took.append(until(200 if may else 403, b, "notes:list", clerk))
    tell("a permission of a role", took)


def token(a: Side, b: Side) -> None:
    took = []
    for _ in range(ROUNDS):
        clerk = a.clerk()
        until(200, b, "notes:list", clerk)
        a.change("auth:signOut", clerk)
        took.append(until(401, b, "notes:list", clerk))
    tell("a revoked token", took)


def until(status: int, side: Side, path: str, head: dict[str, str] | None = None) -> float:
    """Milliseconds from now until what is asked is answered with this status. Raises ``TimeoutError``."""
    began = time.perf_counter()
    while side.ask(path, head) != status:
        if time.perf_counter() - began > PATIENCE_S:
            raise TimeoutError(f"{path} is never answered with {status}")
    return (time.perf_counter() - began) * 1e3


def tell(what: str, took: list[float]) -> None:
    """The median, and the longest, by which the goal is met or not."""
    harness.report(
        f"{what} in force in another environment",
        harness.median(took),
        "ms",
        peer="-",
        goal=f"worst <= {GOAL_MS:g} ms",
        met=max(took) <= GOAL_MS,
        worst=max(took),
        rounds=len(took),
    )


if __name__ == "__main__":
    main()
