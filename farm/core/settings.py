"""The farm's settings: from the environment (`FARM_...`), each with a default that works on one machine.

The command line's options go over them. README.md lists every one; a test holds it to that.
"""

from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from farm.core.words import Deadline

MIB = 1 << 20


class Settings(BaseSettings):
    """Everything a server or worker can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="FARM_", extra="ignore")

    server: str = Field(default="http://127.0.0.1:8000", description="where the CLI and workers find the farm")
    token: SecretStr | None = Field(
        default=None,
        description="bearer token; on a server: asked of everyone who changes something; elsewhere: sent along",
    )
    state_dir: Path = Field(
        default_factory=lambda: platformdirs.user_state_path("kernel-farm"),
        description="folder for the embedded database, stored files, consoles and a worker's run files",
    )
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in the state folder")
    image_limit: int = Field(default=128 * MIB, gt=0, description="largest kernel image, bytes")
    initrd_limit: int = Field(default=1024 * MIB, gt=0, description="largest initramfs, bytes")
    symbols_limit: int = Field(default=1024 * MIB, gt=0, description="largest file of symbols, bytes")
    console_limit: int = Field(default=256 * MIB, gt=0, description="most console bytes kept of one boot")
    attempts: int = Field(default=3, ge=1, le=20, description="how often a boot is tried before `infra` stands")
    lease_seconds: float = Field(default=60, gt=0, description="deadline: no sign of life from the worker")
    power_seconds: float = Field(default=60, gt=0, description="deadline: one call of a power driver")
    first_byte_seconds: float = Field(default=60, gt=0, description="deadline: power-on to the first console byte")
    silence_seconds: float = Field(default=90, gt=0, description="deadline: between two console bytes")
    total_seconds: float = Field(default=600, gt=0, description="deadline: power-on to a decision")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state_dir / 'farm.db'}"

    @property
    def bearer(self) -> str | None:
        return self.token.get_secret_value() if self.token else None

    def deadlines(self) -> dict[Deadline, float]:
        """The farm's own deadlines, seconds; a device's and then a job's go over them."""
        return {
            Deadline.LEASE: self.lease_seconds,
            Deadline.POWER: self.power_seconds,
            Deadline.FIRST_BYTE: self.first_byte_seconds,
            Deadline.SILENCE: self.silence_seconds,
            Deadline.TOTAL: self.total_seconds,
        }
