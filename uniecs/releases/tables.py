"""Tables of the releases, in the platform database."""

from sqlalchemy import Column, Integer, String, Table

from uniecs.database import metadata

release_table = Table(
    "release",
    metadata,
    Column("release_id", String(64), primary_key=True),
    Column("model_version", String(64), nullable=False),
    Column("generation", String(100), nullable=False),
    Column("feature_service", String(200)),
    Column("catalog_digest", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created", String(40), nullable=False),
)

pointer_table = Table(
    "release_pointer",
    metadata,
    Column("id", Integer, primary_key=True),  # one row
    Column("release_id", String(64)),  # what is live
    Column("revision", Integer, nullable=False),
    Column("intended", String(64)),  # what is about to be, written before anything is touched
    Column("intention", String(20)),  # deploy or rollback
)

history_table = Table(
    "release_history",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("revision", Integer, nullable=False),
    Column("action", String(20), nullable=False),
    Column("release_id", String(64), nullable=False),
    Column("before", String(64)),
    Column("actor", String(200), nullable=False),
    Column("time", String(40), nullable=False),
)
