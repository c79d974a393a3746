"""Upstreams under TLS: spoken to where their certificate is good, and not at all where it is not."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from insula.gateway.forward import upstream
from insula.gateway.forward.route import Failure, Tcp, Upstream
from insula.testing.front import GET, Line, Opened, Watched, answering, ok


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
async def secured(certificate: Path) -> AsyncIterator[Tcp]:
    """An upstream that speaks TLS."""
    serve = answering(lambda request: ok(request.line.encode()))

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        try:
            await serve(line)
        except asyncio.IncompleteReadError:
            await line.close()
        finally:
            gone.set()

    gone = asyncio.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = await asyncio.start_server(come, "127.0.0.1", 0, ssl=context)
    yield Tcp("127.0.0.1", listening.sockets[0].getsockname()[1], tls=True)
    listening.close()


async def test_a_certificate_that_nobody_knows_is_not_taken(front: Opened, secured: Tcp) -> None:
    watched = Watched()
    door = await front(Upstream(secured, watch=watched))
    assert (await door.ask(GET))[0] == 502
    assert watched.told[0][2] is Failure.UNREACHABLE
    assert "certificate" in str(watched.told[0][3]).lower()


async def test_a_good_certificate_is(
    front: Opened, secured: Tcp, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "_tls", lambda: ssl.create_default_context(cafile=certificate))
    door = await front(Upstream(secured))
    async with await door.line() as line:
        for _ in range(2):
            await line.send(GET)
            assert (await line.answer())[2] == b"GET / HTTP/1.1"
    assert door.door.pools.idle() == 1
