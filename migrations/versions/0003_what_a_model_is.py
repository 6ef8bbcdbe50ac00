"""What was found in a model, and which jobs have a file that nobody has looked into yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every job under way counts as not looked into, until the sidecar has been asked."""
    op.add_column("jobs", sa.Column("size_mm", ARRAY(sa.Numeric)))
    op.add_column("jobs", sa.Column("picture", sa.Text))
    no = sa.text("false")
    op.add_column("jobs", sa.Column("to_inspect", sa.Boolean, nullable=False, server_default=no))
    op.execute("UPDATE jobs SET to_inspect = status NOT IN ('Rejected', 'PaidPickedUp')")
    where = sa.text("to_inspect")
    op.create_index("ix_jobs_to_inspect", "jobs", ["number"], postgresql_where=where)


def downgrade() -> None:
    """The sidecars keep it."""
    op.drop_index("ix_jobs_to_inspect", "jobs")
    for column in ("to_inspect", "picture", "size_mm"):
        op.drop_column("jobs", column)
