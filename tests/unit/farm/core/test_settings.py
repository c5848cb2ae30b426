"""Settings: defaults that work, the environment over them, nonsense refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from farm.core.database import Database
from farm.core.settings import Settings
from farm.core.words import Deadline


def test_defaults_work_on_one_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    settings = Settings()
    assert settings.server == "http://127.0.0.1:8000"
    assert settings.bearer is None
    assert settings.state_dir == tmp_path / "kernel-farm"
    assert settings.database == f"sqlite:///{tmp_path}/kernel-farm/farm.db"


def test_the_environment_goes_over_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "FARM_SERVER": "https://farm.example",
        "FARM_TOKEN": "s3cret",
        "FARM_STATE_DIR": str(tmp_path),
        "FARM_DATABASE_URL": "postgresql://farm@db/farm",
        "FARM_IMAGE_LIMIT": "1000",
        "FARM_ATTEMPTS": "5",
        "FARM_SILENCE_SECONDS": "1.5",
        "FARM_SOMETHING_ELSE": "ignored",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.server, settings.bearer, settings.state_dir) == ("https://farm.example", "s3cret", tmp_path)
    assert settings.database == "postgresql://farm@db/farm"
    assert (settings.image_limit, settings.attempts) == (1000, 5)
    assert settings.deadlines()[Deadline.SILENCE] == 1.5


def test_a_token_is_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_TOKEN", "s3cret")
    assert "s3cret" not in repr(Settings()) + str(Settings()) + Settings().model_dump_json()


def test_an_empty_token_and_an_empty_database_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_TOKEN", "")
    monkeypatch.setenv("FARM_DATABASE_URL", "")
    assert Settings().bearer is None
    assert Settings().database.startswith("sqlite:///")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FARM_IMAGE_LIMIT", "0"),
        ("FARM_INITRD_LIMIT", "-1"),
        ("FARM_SYMBOLS_LIMIT", "0"),
        ("FARM_CONSOLE_LIMIT", "lots"),
        ("FARM_ATTEMPTS", "0"),
        ("FARM_ATTEMPTS", "21"),
        *((f"FARM_{name.upper()}_SECONDS", "0") for name in Deadline),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.removeprefix("FARM_").lower()):
        Settings()


def test_every_deadline_has_a_setting_of_its_name() -> None:
    settings = Settings()
    assert settings.deadlines() == {name: getattr(settings, f"{name}_seconds") for name in Deadline}


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_default_database_opens(tmp_path: Path) -> None:
    folder = tmp_path / "a folder, 100% plain"
    folder.mkdir()
    database = Database(Settings(state_dir=folder).database)
    database.prepare()
    database.close()
    assert (folder / "farm.db").is_file()


def test_every_setting_is_in_the_readme_and_says_what_it_is() -> None:
    readme = (Path(__file__).parents[4] / "README.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`FARM_{name.upper()}`" in readme, name
        assert field.description, name
