"""The same list of an application by sub-path, header and domain, as a share of main's."""

import harness
from fleet import Fleet, fleet
from harness import wrk

SLICES = 3
GOAL = 0.95
DOMAIN = "shop.example.test"
PATH = "items:list?pageSize=20"
HEADER = 'wrk.headers["{name}"] = "{value}"\n'


def main() -> None:
    with harness.postgresql() as server, harness.insula(server) as running, fleet(running) as many:
        many.made("shop")
        many.call("update", "shop", cname=DOMAIN)
        many.call("restart", "shop")
        harness.model(running)
        with many.sign_in("shop") as client:
            token = client.headers["Authorization"].removeprefix("Bearer ")
        inside = Inside(running, many, token)
        harness.model(inside)
        api = f"{running.address}/api/"
        ways = {
            "sub-path": (f"{api}__app/shop/{PATH}", None),
            "header": (api + PATH, HEADER.format(name="X-App", value="shop")),
            "domain": (api + PATH, HEADER.format(name="Host", value=DOMAIN)),
        }
        for name, (url, script) in ways.items():
            measure(name, url, script, running, token)


class Inside(harness.Running):
    """The same server, its application as if it were main."""

    def __init__(self, running: harness.Running, many: Fleet, token: str) -> None:
        super().__init__(running.instance, running.started_s, token)
        self._base = many.of("shop")

    def client(self) -> harness.httpx.Client:
        return harness.httpx.Client(base_url=self._base, headers=self.headers, timeout=120)


def measure(name: str, url: str, script: str | None, running: harness.Running, token: str) -> None:
    ratios, rates = [], []
    for _ in range(SLICES):
        main_per_s = wrk(f"{running.address}/api/{PATH}", running.token)["per_s"]
        per_s = wrk(url, token, script=script)["per_s"]
        rates.append(per_s)
        ratios.append(per_s / main_per_s)
    ratio = harness.median(ratios)
    harness.report(
        f"list by {name}",
        ratio,
        "of main's",
        peer="0.8-1.0 of main's",
        goal=f">= {GOAL} of main's",
        met=ratio >= GOAL,
        per_s=harness.median(rates),
    )


if __name__ == "__main__":
    main()
