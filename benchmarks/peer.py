"""A peer to measure beside: the same list and get on FastAPI with SQLAlchemy's async ORM, without sign-in.

NocoBase itself is not run here. Its figures were taken once, on a machine of the same kind, together with this
peer's (``REFERENCE``); running this peer in the same slice as Insula tells how fast today's machine is, so that
the published ratio can be set right: ``ratio = ours ÷ NocoBase's × (peer then ÷ peer now)``.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from harness import CONNECTIONS, SECONDS, servers, wrk

REFERENCE = {
    "nocobase": {"list": 313.0, "get": 893.0, "create": 440.0},
    "peer": {"list": 1108.0, "get": 1449.0},
}
"""Requests per second, NocoBase 2.2 and this peer, ``wrk -t1 -c16``, PostgreSQL 15."""


def application() -> Any:
    from fastapi import FastAPI
    from sqlalchemy import BigInteger, select
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = "items"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
        title: Mapped[str]
        body: Mapped[str]
        quantity: Mapped[int]
        price: Mapped[float]
        active: Mapped[bool]
        due: Mapped[datetime] = mapped_column()
        email: Mapped[str]
        state: Mapped[str]

    engine = create_async_engine(os.environ["PEER_DATABASE"], pool_size=CONNECTIONS)
    session = async_sessionmaker(engine, expire_on_commit=False)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with session() as work:
            for n in range(10_000):
                work.add(
                    Item(
                        id=n + 1,
                        title=f"Item {n}",
                        body="text " * 20,
                        quantity=n % 1000,
                        price=n / 7,
                        active=n % 2 == 0,
                        due=datetime(2026, 1, 1),
                        email=f"person{n}@example.com",
                        state="new",
                    )
                )
            await work.commit()
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    def row(item: Item) -> dict[str, Any]:
        return {column.key: getattr(item, column.key) for column in Item.__table__.columns}

    @app.get("/list")
    async def listing() -> list[dict[str, Any]]:
        async with session() as work:
            return [row(item) for item in await work.scalars(select(Item).order_by(Item.id).limit(20))]

    @app.get("/get/{key}")
    async def get(key: int) -> dict[str, Any]:
        async with session() as work:
            return row((await work.scalars(select(Item).where(Item.id == key))).one())

    return app


@contextlib.contextmanager
def running(server: servers.Server) -> Iterator[str]:
    """The peer on a database of its own; gives its address."""
    subprocess.run(
        ["createdb", "-h", server.host, "-p", str(server.port), "-U", server.user, "peer"],
        env={**os.environ, "PGPASSWORD": server.password},
        check=False,
    )
    port = servers.free_port()
    url = f"postgresql+asyncpg://{server.user}:{server.password}@{server.host}:{server.port}/peer"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            "peer:application",
            "--port",
            str(port),
            "--no-access-log",
        ],
        env={**os.environ, "PEER_DATABASE": url},
        cwd=Path(__file__).parent,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address
    finally:
        servers.stop(process, signal.SIGTERM)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{address}/get/1", timeout=5).raise_for_status()
            return
        time.sleep(0.05)
    raise TimeoutError("the peer did not start")


def per_s(address: str, what: str) -> float:
    """Requests per second of the peer for ``list`` or ``get``."""
    return wrk(f"{address}/{'list' if what == 'list' else 'get/77'}", "none")["per_s"]


def ratio(ours: float, what: str, peer_now: float) -> float:
    """Ours against NocoBase's, set right by how fast the peer is on this machine now."""
    then = REFERENCE["peer"]["list" if what == "list" else "get"]
    return ours / REFERENCE["nocobase"][what] * then / peer_now


__all__ = ["CONNECTIONS", "SECONDS", "ratio", "running"]
