"""Where things are: the one place that reads the environment (prefix ``UNIECS_``)."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Precision = Literal["auto", "float32", "bfloat16"]


class Settings(BaseSettings):
    """Settings of one installation; every grown form differs from the default only here.

    Example:
        >>> Settings(home="/tmp/x").steps_dir.as_posix()
        '/tmp/x/steps'
    """

    model_config = SettingsConfigDict(env_prefix="UNIECS_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".uniecs"), description="All local state sits under here.")
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL of platform state and events; SQLite by default."
    )
    milvus_uri: str | None = Field(
        default=None, description="A Milvus server; by default Milvus Lite is started on demand."
    )
    mlflow_uri: str | None = Field(
        default=None, description="An MLflow tracking server; SQLite under home by default."
    )
    feast_repo: Path | None = Field(
        default=None, description="A Feast repository; feature_repo/ on embedded stores by default."
    )
    redis_url: str | None = Field(
        default=None, description="host:port of Redis as Feast's online store; SQLite by default."
    )
    tenant: str = Field(default="default", description="Partition key of every row and search.")
    precision: Precision = Field(
        default="auto",
        description="What a loaded model computes in; auto is bfloat16 on a CPU that has it.",
    )

    @property
    def root(self) -> Path:
        """``home`` as an absolute path."""
        return self.home.expanduser().absolute()

    @property
    def steps_dir(self) -> Path:
        """Finished and partial outputs of steps."""
        return self.root / "steps"

    @property
    def pictures_dir(self) -> Path:
        """What training read of pictures, and frozen towers said; by content, safe to delete."""
        return self.root / "pictures"

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the platform database."""
        return self.database_url or f"sqlite:///{self.root / 'uniecs.db'}"

    @property
    def mlflow(self) -> str:
        """MLflow tracking and registry URI."""
        return self.mlflow_uri or f"sqlite:///{self.root / 'mlflow.db'}"
