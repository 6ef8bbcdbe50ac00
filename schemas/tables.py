"""The index: PostgreSQL tables that answer questions about the folders, and nothing more.

Everything here but `lease` and `control` follows from the share and can be dropped and rebuilt. The
sidecar document itself is not stored, only the columns that are asked for: copying 2 KB of JSON a
row would make a rebuild ten times slower.
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from schemas.events import EventType, Via
from schemas.mails import MailState
from schemas.naming import Role
from schemas.status import Status

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _enum(members: type[StrEnum], name: str) -> Enum:
    return Enum(members, name=name, values_callable=lambda kind: [member.value for member in kind])


STATUS = _enum(Status, "job_status")
EVENT_TYPE = _enum(EventType, "event_type")
VIA = _enum(Via, "via")
MAIL_STATE = _enum(MailState, "mail_state")
ROLE = _enum(Role, "file_role")

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stem", Text, nullable=False),
    Column("status", STATUS, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("student_name", Text, nullable=False),
    Column("student_email", Text, nullable=False),
    Column("discipline", Text, nullable=False),
    Column("class_number", Text, nullable=False),
    Column("print_method", Text, nullable=False),
    Column("color", Text, nullable=False),
    Column("printer", Text, nullable=False),
    Column("minimum_charge", Boolean, nullable=False),
    Column("weight_g", Numeric(10, 2)),
    Column("weight_source", Text),
    Column("time_h", Numeric(7, 1)),
    Column("time_source", Text),
    Column("material", Text),
    Column("price_usd", Numeric(10, 2)),
    Column("reviewed", Boolean, nullable=False),
    Column("nonce", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("paid_usd", Numeric(10, 2)),
    Column("flags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # Something is still to be done for this job at the next look, though its files lie still.
    Column("restless", Boolean, nullable=False, server_default=text("false")),
    Column("size_mm", ARRAY(Numeric)),  # of the model: x, y, z
    Column("picture", Text),  # the digest that the model's picture is kept under
    # A file of it has not been looked into yet.
    Column("to_inspect", Boolean, nullable=False, server_default=text("false")),
    Index(None, "status", "since"),
    Index(None, "created_at"),
    # Conflicts are counted on every page, whatever status their jobs are in.
    Index("ix_jobs_conflict", "number", postgresql_where=text("flags @> '{conflict}'::text[]")),
    Index("ix_jobs_to_inspect", "number", postgresql_where=text("to_inspect")),
)

files = Table(
    "files",
    metadata,
    # Relative to the share's root, with forward slashes: `Pending/JaneDoe_Filament_TrueRed_1.stl`.
    Column("path", Text(collation="C"), primary_key=True),
    Column("job", Integer),  # empty: a stray
    Column("role", ROLE, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", Text),
    Column("original_name", Text),
    Column("authoritative", Boolean, nullable=False, server_default=text("false")),
    Column("missing", Boolean, nullable=False, server_default=text("false")),
    Index(None, "job"),
)

events = Table(
    "events",
    metadata,
    Column("job", Integer, nullable=False, primary_key=True),
    Column("seq", Integer, nullable=False, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("type", EVENT_TYPE, nullable=False),
    Column("by", Text, nullable=False),
    Column("via", VIA, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("prev", Text, nullable=False),
)

emails = Table(
    "emails",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("job", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("template", STATUS, nullable=False),
    Column("state", MAIL_STATE, nullable=False),
    Column("via", VIA, nullable=False),
    Column("arrived_at", DateTime(timezone=True), nullable=False),
    Column("not_before", DateTime(timezone=True)),
    Column("hold", Text),
    Column("released", Boolean, nullable=False, server_default=text("false")),
    Column("sent_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("retry_at", DateTime(timezone=True)),
    # Handed to a carrier by a process that died before it could say whether it was accepted.
    Column("uncertain", Boolean, nullable=False, server_default=text("false")),
    Column("error", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("job", "seq", "template"),
    Index(None, "state", "not_before"),
    Index(None, "arrived_at"),
)

lease = Table(
    "lease",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("single", name="one_row"),
)

# What the daemon says of itself, and what people tell it, by name: share, health, brake, loss.
control = Table(
    "control",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
