"""Every reason for which a token is refused, each with the code of the protocol."""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from insula.application.access.people import EVERYTHING
from insula.application.access.tokens import LEEWAY_S
from insula.application.application import Application
from insula.data.filters.tree import Condition
from insula.testing.applications import MakeApplication
from insula.testing.clock import HandClock
from insula.testing.databases import TWO_DIALECTS
from insula.testing.people import Head, People, accepted, refusal

pytestmark = pytest.mark.parametrize("database_options", TWO_DIALECTS, indirect=True)

DAY_S = 86_400


@dataclass
class Case:
    """What a way of spoiling a token works with: ann, a member, is signed in by ``head``."""

    house: Application
    people: People
    clock: HandClock
    head: Head

    @property
    def token(self) -> str:
        return self.head["authorization"].removeprefix("Bearer ")

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = jwt.decode(self.token, options={"verify_signature": False})
        return found

    def bearer(self, token: str) -> Head:
        return {"authorization": f"Bearer {token}"}

    def signed(self, algorithm: str = "EdDSA", key: Any = None, **claims: Any) -> Head:
        """A token with other claims, signed with the application's own key unless another is given."""
        payload = {k: v for k, v in {**self.payload, **claims}.items() if v is not None}
        return self.bearer(jwt.encode(payload, key or self.house.secrets.signing_key, algorithm))

    def handmade(self, header: dict[str, Any], signature: bytes = b"") -> Head:
        parts = [json.dumps(header).encode(), json.dumps(self.payload).encode(), signature]
        return self.bearer(".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts))

    async def as_root(self, address: str, **body: Any) -> None:
        accepted(await self.people.web.post(address, json=body, headers=await self.people.root()))


@pytest.fixture
async def case(house: Application, people: People, clock: HandClock) -> Case:
    head = await people.add("ann", "member")
    accepted(await people.web.get("/auth:check", headers=head))
    return Case(house, people, clock, head)


async def _nothing(case: Case) -> Head:
    return {}


async def _empty(case: Case) -> Head:
    return {"authorization": "Bearer "}


async def _basic(case: Case) -> Head:
    return {"authorization": "Basic cm9vdDpyb290"}


async def _no_token(case: Case) -> Head:
    return case.bearer("x")


async def _altered(case: Case) -> Head:
    head, _, signature = case.token.rpartition(".")
    return case.bearer(f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")


async def _truncated(case: Case) -> Head:
    return case.bearer(case.token[:-10])


async def _without_signature(case: Case) -> Head:
    return case.bearer(case.token.rpartition(".")[0] + ".")


async def _huge(case: Case) -> Head:
    return case.bearer(case.token + "A" * 100_000)


async def _huge_rubbish(case: Case) -> Head:
    return case.bearer("." * 100_000)


async def _not_ascii(case: Case) -> Head:
    return {"authorization": b"Bearer \xff\xfe.\xe4.\xf6"}  # type: ignore[dict-item]


async def _algorithm_none(case: Case) -> Head:
    return case.handmade({"alg": "none", "typ": "JWT"})


async def _algorithm_none_with_signature(case: Case) -> Head:
    return case.handmade({"alg": "None", "typ": "JWT"}, b"x" * 64)


async def _algorithm_missing(case: Case) -> Head:
    return case.handmade({"typ": "JWT"}, b"x" * 64)


async def _algorithm_a_list(case: Case) -> Head:
    return case.handmade({"alg": ["EdDSA"], "typ": "JWT"}, b"x" * 64)


async def _critical_header(case: Case) -> Head:
    return case.handmade({"alg": "EdDSA", "crit": ["exp"], "exp": 1}, b"x" * 64)


async def _public_key_as_secret(case: Case) -> Head:
    # jwt.encode refuses such keys, so it is signed by hand.
    import hashlib
    import hmac

    public = case.house.secrets.verify_key
    parts = [{"alg": "HS256", "typ": "JWT"}, case.payload]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
    key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.digest(key, text.encode(), hashlib.sha256)
    return case.bearer(f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}")


async def _foreign_key(case: Case) -> Head:
    return case.signed(key=Ed25519PrivateKey.generate())


async def _foreign_application(case: Case) -> Head:
    return case.signed(aud="other")


async def _no_application(case: Case) -> Head:
    return case.signed(aud=None)


async def _no_jti(case: Case) -> Head:
    return case.signed(jti=None)


async def _no_user(case: Case) -> Head:
    return case.signed(userId=None)


async def _user_as_text(case: Case) -> Head:
    return case.signed(userId="1")


async def _no_end(case: Case) -> Head:
    return case.signed(exp=None)


async def _from_the_future(case: Case) -> Head:
    return case.signed(iat=int(case.clock.wall()) + LEEWAY_S + 60)


async def _made_before_the_clock_was_put_right(case: Case) -> Head:
    """As after a restart: the monotonic clock knows nothing of before."""
    from insula.application.access.steady_clock import SteadyClock

    case.clock.jump(-3600)
    case.house.access.clock = SteadyClock(case.clock.wall, case.clock.monotonic)
    case.house.access.invalidate()
    return case.head


async def _idle(case: Case) -> Head:
    case.clock.advance(DAY_S)
    return case.head


async def _idle_by_a_clock_set_forwards(case: Case) -> Head:
    case.clock.jump(DAY_S)
    return case.head


async def _idle_for_long(case: Case) -> Head:
    case.clock.advance(8 * DAY_S)
    return case.head


async def _expired_and_set_back(case: Case) -> Head:
    """A clock that goes back makes nothing valid again."""
    case.clock.advance(DAY_S)
    case.clock.jump(-2 * DAY_S)
    return case.head


async def _key_expired(case: Case) -> Head:
    body = {"name": "robot", "expiresIn": "1d"}
    root = await case.people.root()
    token = accepted(await case.people.web.post("/apiKeys:create", json=body, headers=root))["token"]
    accepted(await case.people.web.get("/auth:check", headers=case.bearer(token)))
    case.clock.advance(DAY_S)
    return case.bearer(token)


async def _key_destroyed(case: Case) -> Head:
    root = await case.people.root()
    made = accepted(await case.people.web.post("/apiKeys:create", json={"name": "robot"}, headers=root))
    accepted(await case.people.web.get("/auth:check", headers=case.bearer(made["token"])))
    await case.as_root(f"/apiKeys:destroy/{made['id']}")
    return case.bearer(made["token"])


async def _signed_out(case: Case) -> Head:
    accepted(await case.people.web.post("/auth:signOut", headers=case.head))
    return case.head


async def _blocked(case: Case) -> Head:
    await case.as_root("/users:update/2", blocked=True)
    return case.head


async def _another_session(case: Case) -> Head:
    return case.signed(jti="0" * 24 + ".0")


async def _another_user(case: Case) -> Head:
    return case.signed(userId=1)


async def _a_generation_to_come(case: Case) -> Head:
    return case.signed(jti=case.payload["jti"].partition(".")[0] + ".7")


async def _a_generation_that_is_none(case: Case) -> Head:
    return case.signed(jti=case.payload["jti"].partition(".")[0] + ".x")


async def _a_session_named_with_nul(case: Case) -> Head:
    return case.signed(jti="\0.0")


async def _a_key_that_was_never_made(case: Case) -> Head:
    return case.signed(jti="0" * 24, roleName="root", signInTime=None, exp=None)


async def _a_key_named_with_nul(case: Case) -> Head:
    return case.signed(jti="\0", roleName="member", signInTime=None)


async def _session_too_long(case: Case) -> Head:
    """Used all the time, and renewed in between, until the longest duration of a session."""
    head = case.head
    for _ in range(14):
        case.clock.advance(DAY_S / 2)
        answer = await case.people.web.get("/auth:check", headers=head)
        if "x-new-token" in answer.headers:
            head = case.bearer(answer.headers["x-new-token"])
    return head


async def _user_destroyed(case: Case) -> Head:
    await case.as_root("/users:destroy/2")
    return case.head


async def _no_roles(case: Case) -> Head:
    await case.as_root("/users/2/roles:remove/member")
    return case.head


async def _role_not_held(case: Case) -> Head:
    return {**case.head, "x-role": "admin"}


async def _role_unknown(case: Case) -> Head:
    return {**case.head, "x-role": "nonsense"}


async def _role_of_nobody(case: Case) -> Head:
    return {**case.head, "x-role": "anonymous"}


async def _role_taken_from_key(case: Case) -> Head:
    await case.as_root("/users/2/roles:add/admin")
    made = {"name": "robot", "role": "admin"}
    head = {**case.head, "x-role": "admin"}
    token = accepted(await case.people.web.post("/apiKeys:create", json=made, headers=head))["token"]
    accepted(await case.people.web.get("/users:list", headers=case.bearer(token)))
    await case.as_root("/users/2/roles:remove/admin")
    return case.bearer(token)


Way = Callable[[Case], Awaitable[Head]]

CASES: dict[str, tuple[Way, ...]] = {
    "EMPTY_TOKEN": (_nothing, _empty, _basic),
    "INVALID_TOKEN": (
        *(_no_token, _altered, _truncated, _without_signature, _huge, _huge_rubbish, _not_ascii),
        *(_algorithm_none, _algorithm_none_with_signature, _algorithm_missing, _algorithm_a_list),
        *(_critical_header, _public_key_as_secret, _foreign_key, _foreign_application, _no_application),
        *(_no_jti, _no_user, _user_as_text, _no_end, _from_the_future),
        *(_made_before_the_clock_was_put_right, _a_session_named_with_nul, _a_key_named_with_nul),
    ),
    "EXPIRED_TOKEN": (_idle, _idle_by_a_clock_set_forwards, _expired_and_set_back, _key_expired),
    "BLOCKED_TOKEN": (
        *(_key_destroyed, _signed_out, _blocked, _another_session, _another_user, _a_generation_to_come),
        *(_a_generation_that_is_none, _a_key_that_was_never_made),
    ),
    "EXPIRED_SESSION": (_session_too_long, _idle_for_long),
    "NOT_EXIST_USER": (_user_destroyed,),
    "USER_HAS_NO_ROLES_ERR": (_no_roles, _role_taken_from_key),
    "ROLE_NOT_FOUND_ERR": (_role_not_held, _role_unknown, _role_of_nobody),
}


STATELESS: Final = (
    *CASES["EMPTY_TOKEN"],
    *(way for way in CASES["INVALID_TOKEN"] if way is not _made_before_the_clock_was_put_right),
    *(_another_session, _another_user, _a_generation_to_come, _a_generation_that_is_none),
    *(_a_key_that_was_never_made, _role_not_held, _role_unknown, _role_of_nobody),
)
"""Ways that change nothing, so that one house serves them all."""

CHANGES: Final = [(code, way) for code, ways in CASES.items() for way in ways if way not in STATELESS]


@pytest.mark.parametrize(("code", "way"), CHANGES, ids=lambda value: getattr(value, "__name__", value))
async def test_a_token_is_refused_with_its_reason(case: Case, code: str, way: Way) -> None:
    await check_refused(case, code, await way(case))


async def test_tokens_that_are_none(case: Case) -> None:
    for code, ways in CASES.items():
        for way in ways:
            if way in STATELESS:
                await check_refused(case, code, await way(case))
    accepted(await case.people.web.get("/auth:check", headers=case.head))


async def check_refused(case: Case, code: str, head: Head) -> None:
    web = case.people.web
    for address in ("/auth:check", "/books:list"):
        answer = await web.get(address, headers=head)
        status = 403 if code == "ROLE_NOT_FOUND_ERR" else 401
        assert refusal(answer) == (status, code), (str(head)[:100], answer.text)
        assert "set-cookie" not in answer.headers
    # Whoever holds a bad token can still sign in anew, and see what everyone sees.
    accepted(await web.get("/systemSettings:get", headers=head))
    # Asked who one is, it is told that this token does not say it.
    answer = await web.get("/roles:check", headers=head)
    assert refusal(answer) == ((200, "") if code == "EMPTY_TOKEN" else (status, code))


async def test_nul_bytes_in_headers(house: Application, people: People) -> None:
    """Clients can not send them, but a server that lets them through must not stumble."""
    for name, value in (
        (b"authorization", b"Bearer a\0b.c.d"),
        (b"authorization", b"Bearer \0"),
        (b"cookie", b"nb_auth_token_main=a\0b"),
        (b"cookie", b"nb_auth_token_main=\xff"),
    ):
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/auth:check", "query_string": b""}
        await house({**scope, "headers": [(name, value)]}, receive, send)
        assert sent[0]["status"] == 401
        assert json.loads(sent[1]["body"])["errors"][0]["code"] == "INVALID_TOKEN"


async def test_a_session_named_by_sql(case: Case) -> None:
    head = case.signed(jti="' or 1=1 --.0")
    assert refusal(await case.people.web.get("/auth:check", headers=head)) == (401, "BLOCKED_TOKEN")


async def test_the_token_of_another_application_with_the_same_people(
    case: Case, make: MakeApplication, web: httpx.AsyncClient
) -> None:
    """Even where the signing key is the same, ``aud`` keeps them apart."""
    from insula.application.access.tokens import Tokens

    other = Tokens("a_neighbour", case.house.secrets)
    foreign = other.mint(case.house.access.tokens.read(case.token))
    assert refusal(await web.get("/auth:check", headers=case.bearer(foreign))) == (401, "INVALID_TOKEN")


async def test_claims_are_those_of_the_protocol(case: Case) -> None:
    payload = case.payload
    assert payload.keys() == {"userId", "iat", "exp", "jti", "signInTime", "temp", "aud", "sub"}
    now = int(case.clock.wall())
    assert (payload["userId"], payload["aud"], payload["temp"]) == (2, "main", True)
    assert (payload["iat"], payload["exp"], payload["signInTime"]) == (now, now + DAY_S, now * 1000)
    user = await case.house.repository.find_one("users", 2, scopes=EVERYTHING)
    assert user is not None and payload["sub"] == str(user["sub"])


async def test_a_session_that_went_to_another_user(case: Case) -> None:
    """The row decides: a session that was moved to another user is none of ours."""
    number = await case.people.make("bob", "member")
    session = case.payload["jti"].partition(".")[0]
    repository = case.house.repository
    chosen = Condition(("id",), "$eq", session)
    await repository.update("sessions", {"userId": number}, filter=chosen, scopes=EVERYTHING)
    case.house.access.invalidate()
    assert refusal(await case.people.web.get("/auth:check", headers=case.head)) == (401, "BLOCKED_TOKEN")
