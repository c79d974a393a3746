"""Verbs and visits race each other on applications that really run; the table of what each makes of them holds."""

import asyncio
import random
from typing import Any

import pytest

from insula.core.errors import InsulaError, Kind
from insula.core.ids import random_id
from insula.server.roles.single import Single
from insula.testing.racing import GONE, OBSERVED, VERBS, outcomes, wanted_of
from insula.testing.whole import make

WHO = "a racer"
BURSTS = 25
PAUSES_S = (0.0, 0.0, 0.002, 0.01, 0.04)
"""How long after the first of its burst a verb begins."""


async def do(fleet: Single, name: str, verb: str) -> None:
    """What is refused since it contradicts what the application is by then is right; any other failure is none."""
    try:
        if verb == "visit":
            await fleet.records.wake(name)
        elif verb == "create":
            await make(fleet, name, {})
        else:
            more: dict[str, Any] = {"confirm": name} if verb in ("destroy", "purge") else {}
            await getattr(fleet.supervisor, verb)(name, actor=WHO, **more)
    except InsulaError as error:
        if error.kind not in (Kind.CONFLICT, Kind.MISSING):
            raise


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_the_order(fleet: Single, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"racer_{random_id(8)}" for _ in range(3)]
    model = dict.fromkeys(names, GONE)

    async def later(pause_s: float, name: str, verb: str) -> None:
        await asyncio.sleep(pause_s)
        await do(fleet, name, verb)

    for _ in range(BURSTS):
        burst = [
            (chance.choice(PAUSES_S), chance.choice(names), chance.choice((*VERBS, "create", "start")))
            for _ in range(chance.randint(1, 6))
        ]
        await asyncio.gather(*(later(*racer) for racer in burst))
        for name in names:
            verbs = [verb for _, whose, verb in burst if whose == name]
            wanted = wanted_of(fleet.records, name)
            assert wanted in outcomes(model[name], verbs), (name, model[name], verbs, wanted)
            model[name] = wanted
            target = await fleet.records.find(name)
            if wanted in OBSERVED:
                assert target is not None
                assert target.status.observed is OBSERVED[wanted], (name, wanted, verbs, target)
            assert (fleet.process.running(name) is not None) == (wanted == "running"), (name, wanted, verbs)
    for name in names:  # databases on a server outlive the installation
        for verb in ("destroy", "purge"):
            await do(fleet, name, verb)
