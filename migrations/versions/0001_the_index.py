"""The index: jobs, files, events, emails, lease, control; events only ever grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ENUMS = {
    "job_status": (
        "Uploaded", "Pending", "Rejected", "ReadyToPrint", "Printing", "Completed", "PaidPickedUp",
    ),
    "event_type": (
        "JobCreated", "StatusChanged", "FileAdded", "FileChanged", "FileMissing", "FileRestored",
        "DetailsEdited", "Reviewed", "Unreviewed", "NoteAdded", "Quoted", "Confirmed",
        "PrintFailed", "PaymentRecorded", "EmailHeld", "EmailQueued", "EmailSent", "EmailFailed",
        "EmailCancelled",
        "ConflictFound", "ConflictResolved", "SidecarRepaired", "Adopted", "Purged",
    ),
    "via": ("folder", "web", "link", "system"),
    "mail_state": ("held", "queued", "sending", "sent", "failed", "cancelled"),
    "file_role": ("model", "sidecar", "sliced", "copy", "other"),
}  # fmt: skip

_MOMENT = sa.DateTime(timezone=True)
_NO = sa.text("false")

# A rebuild says so within its transaction; everybody else can only add.
_REFUSE = """
CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('printsystem.rebuild', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'events only grow: % is refused outside a rebuild', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$
"""
_GUARD = """
CREATE TRIGGER events_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()
"""


def _enum(name: str) -> ENUM:
    return ENUM(*_ENUMS[name], name=name, create_type=False)


def upgrade() -> None:
    """Make everything in an empty database."""
    for name, members in _ENUMS.items():
        ENUM(*members, name=name).create(op.get_bind())
    _create_jobs()
    _create_files()
    _create_events()
    _create_emails()
    _create_own_words()


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("stem", sa.Text, nullable=False),
        sa.Column("status", _enum("job_status"), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("student_name", sa.Text, nullable=False),
        sa.Column("student_email", sa.Text, nullable=False),
        sa.Column("discipline", sa.Text, nullable=False),
        sa.Column("class_number", sa.Text, nullable=False),
        sa.Column("print_method", sa.Text, nullable=False),
        sa.Column("color", sa.Text, nullable=False),
        sa.Column("printer", sa.Text, nullable=False),
        sa.Column("minimum_charge", sa.Boolean, nullable=False),
        sa.Column("weight_g", sa.Numeric(10, 2)),
        sa.Column("weight_source", sa.Text),
        sa.Column("time_h", sa.Numeric(7, 1)),
        sa.Column("time_source", sa.Text),
        sa.Column("material", sa.Text),
        sa.Column("price_usd", sa.Numeric(10, 2)),
        sa.Column("reviewed", sa.Boolean, nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("expires_at", _MOMENT),
        sa.Column("confirmed_at", _MOMENT),
        sa.Column("paid_usd", sa.Numeric(10, 2)),
        sa.Column("flags", ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("restless", sa.Boolean, server_default=_NO, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_index("ix_jobs_status_since", "jobs", ["status", "since"])


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("job", sa.Integer),
        sa.Column("role", _enum("file_role"), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text),
        sa.Column("original_name", sa.Text),
        sa.Column("authoritative", sa.Boolean, server_default=_NO, nullable=False),
        sa.Column("missing", sa.Boolean, server_default=_NO, nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_files"),
    )
    op.create_index("ix_files_job", "files", ["job"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("type", _enum("event_type"), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("via", _enum("via"), nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("prev", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job", "seq", name="pk_events"),
    )
    op.execute(_REFUSE)
    op.execute(_GUARD)


def _create_emails() -> None:
    op.create_table(
        "emails",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("template", _enum("job_status"), nullable=False),
        sa.Column("state", _enum("mail_state"), nullable=False),
        sa.Column("via", _enum("via"), nullable=False),
        sa.Column("arrived_at", _MOMENT, nullable=False),
        sa.Column("not_before", _MOMENT),
        sa.Column("hold", sa.Text),
        sa.Column("released", sa.Boolean, server_default=_NO, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("attempts", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", _MOMENT),
        sa.Column("uncertain", sa.Boolean, server_default=_NO, nullable=False),
        sa.Column("error", sa.Text, server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_emails"),
        sa.UniqueConstraint("job", "seq", "template", name="uq_emails_job_seq_template"),
    )
    op.create_index("ix_emails_arrived_at", "emails", ["arrived_at"])
    op.create_index("ix_emails_state_not_before", "emails", ["state", "not_before"])


def _create_own_words() -> None:
    op.create_table(
        "lease",
        sa.Column("single", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.CheckConstraint("single", name="one_row"),
        sa.PrimaryKeyConstraint("single", name="pk_lease"),
    )
    op.create_table(
        "control",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", JSONB, nullable=False),
        sa.Column("at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_control"),
    )


def downgrade() -> None:
    """Take everything away again; the folders still hold all of it."""
    for table in ("control", "lease", "emails", "events", "files", "jobs"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_event_change")
    for name in _ENUMS:
        ENUM(name=name).drop(op.get_bind())
