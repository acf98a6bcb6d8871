"""Peer of `crud_get` and `crud_post`: FastAPI + SQLAlchemy over one table of projects, durable on every commit.

Two variants of each route: a sync handler (thread pool, what the tutorial does) and an async handler that calls the
same code on the loop (faster for such short statements). Both check a bearer key, as ours does. DATABASE_URL as SQLAlchemy writes it.
"""
import datetime as dt
import hashlib
import os
import uuid

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import String, create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine(os.environ["DATABASE_URL"])
KEY_HASH = hashlib.sha256(os.environ["PEER_KEY"].encode()).hexdigest()


@event.listens_for(engine, "connect")
def durable(connection, _record):
    if engine.dialect.name == "sqlite":
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")


class Base(DeclarativeBase):
    pass


class Project(Base):
    __tablename__ = "projects"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    tenant_id: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime]


class ProjectIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class ProjectOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: str
    tenant_id: str
    name: str
    created_at: dt.datetime


Base.metadata.create_all(engine)
app = FastAPI(docs_url=None, redoc_url=None)


def actor(authorization: str = Header()):
    if hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest() != KEY_HASH:
        raise HTTPException(401)
    return "ten_bench"


def get(tenant: str, project_id: str) -> Project:
    with Session(engine) as session:
        found = session.scalar(select(Project).where(Project.id == project_id, Project.tenant_id == tenant))
    if found is None:
        raise HTTPException(404)
    return found


def create(tenant: str, body: ProjectIn) -> Project:
    row = Project(id=str(uuid.uuid4()), tenant_id=tenant, name=body.name, created_at=dt.datetime.now(dt.timezone.utc))
    with Session(engine, expire_on_commit=False) as session:
        session.add(row)
        try:
            session.commit()
        except IntegrityError as error:
            raise HTTPException(409) from error
    return row


@app.get("/sync/projects/{project_id}")
def get_sync(project_id: str, tenant: str = Depends(actor)) -> ProjectOut:
    return get(tenant, project_id)


@app.get("/async/projects/{project_id}")
async def get_async(project_id: str, tenant: str = Depends(actor)) -> ProjectOut:
    return get(tenant, project_id)


@app.post("/sync/projects", status_code=201)
def post_sync(body: ProjectIn, tenant: str = Depends(actor)) -> ProjectOut:
    return create(tenant, body)


@app.post("/async/projects", status_code=201)
async def post_async(body: ProjectIn, tenant: str = Depends(actor)) -> ProjectOut:
    return create(tenant, body)


@app.get("/healthz")
async def healthz():
    return {"ok": True}
