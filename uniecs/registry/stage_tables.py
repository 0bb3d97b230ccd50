"""Tables of the stages, in the platform database."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from uniecs.database import metadata

board_table = Table(
    "stage_board",
    metadata,
    Column("id", Integer, primary_key=True),  # one row, which every change of a stage updates
    Column("revision", Integer, nullable=False),
    Column("mirrored", Integer, nullable=False),  # the revision that MLflow shows
)

state_table = Table(
    "stage_state",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("stage", String(20), nullable=False),
    Column("revision", Integer, nullable=False),  # of the board, when the version got there
)

history_table = Table(
    "stage_history",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("revision", Integer, nullable=False),
    Column("version", String(64), nullable=False, index=True),
    Column("from_stage", String(20), nullable=False),
    Column("to_stage", String(20), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("gate_passed", Boolean),
    Column("gate_digest", String(64)),
    Column("gate_report", Text),
    Column("actor", String(200), nullable=False),
    Column("time", String(40), nullable=False),
)
