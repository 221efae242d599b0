"""Every setting, read once from the environment or `.env`, prefix VERBATIM_.

Secrets are SecretStr and are never printed.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.domain.writeback import WriteRules
from service.errors import Misused


class SlackSettings(BaseModel):
    bot_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    mode: Literal["http", "socket"] = "http"
    base_url: str | None = None
    digest_channel: str | None = None
    flags_channel: str | None = None
    channels_show: Literal["counts", "quotes", "names", "everything"] = "quotes"

    @property
    def can_install(self) -> bool:
        """Whether workspaces may install the app by themselves."""
        return bool(self.client_id and self.client_secret)

    @property
    def is_set_up(self) -> bool:
        return self.bot_token is not None or self.can_install


class ClaudeSettings(BaseModel):
    api_key: SecretStr | None = None
    base_url: str | None = None
    model: str = "claude-haiku-5-5"
    daily_budget_usd: float = Field(default=10.0, ge=0)
    batch_from: int = Field(default=200, ge=0)  # more waiting than this go in batches


class Settings(BaseSettings):
    """Helpdesks stay a plain mapping here: each connector validates its own part."""

    model_config = SettingsConfigDict(
        env_prefix="VERBATIM_",
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",  # doctor names unknown VERBATIM_ variables
        hide_input_in_errors=True,  # otherwise a missing field's error prints the token beside it
    )

    home: Path = Path("~/.verbatim")
    database_url: str | None = None
    public_url: str = "http://127.0.0.1:8765"
    secret_key: SecretStr | None = None
    timezone: str = "UTC"
    regions: str = "US,GB"
    helpdesks: dict[str, dict[str, str]] = Field(default_factory=dict)
    slack: SlackSettings = SlackSettings()
    claude: ClaudeSettings = ClaudeSettings()
    analyser: str | None = None
    taxonomy: Path | None = None
    metrics: Path | None = None
    retention_days: int | None = Field(default=None, ge=1)  # None: everything is kept
    digest_cron: str = "0 9 * * 1"
    sync_minutes: int = Field(default=5, ge=1)
    write_back: Literal["on", "off"] = "on"
    quiet_minutes: int = Field(default=10, ge=0)
    write_again_minutes: int = Field(default=60, ge=0)
    api_calls_per_minute: int = Field(default=120, ge=1)
    metrics_token: SecretStr | None = Field(default=None, min_length=16)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value.strip() not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone; write one such as Europe/Berlin")
        return value.strip()

    @field_validator("regions")
    @classmethod
    def _known_regions(cls, value: str) -> str:
        from phonenumbers import SUPPORTED_REGIONS  # late: only who sets it pays for the import

        wanted = _regions_in(value)
        if not wanted or not SUPPORTED_REGIONS.issuperset(wanted):
            raise ValueError(f"{value!r} are no countries; write two letters each such as DE,AT,CH")
        return value

    @property
    def phone_regions(self) -> tuple[str, ...]:
        """Countries whose way of writing phone numbers without a country code is known."""
        return _regions_in(self.regions)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def folder(self) -> Path:
        return self.home.expanduser()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'verbatim.sqlite'}"

    @property
    def metrics_file(self) -> Path:
        """Where the workspace's own metrics stand; it need not exist unless it was set."""
        return self.metrics or self.folder / "metrics.yaml"

    @property
    def write_rules(self) -> WriteRules:
        return WriteRules(
            switched_on=self.write_back == "on",
            quiet=timedelta(minutes=self.quiet_minutes),
            again=timedelta(minutes=self.write_again_minutes),
        )

    @property
    def calibration_file(self) -> Path:
        """Where `verbatim calibrate` keeps what it fitted."""
        return self.folder / "calibration.json"

    @property
    def analyser_name(self) -> str:
        return self.analyser or ("claude" if self.claude.api_key else "local")


def _regions_in(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip().upper() for each in value.split(",") if each.strip()))


def read_settings(**overrides: object) -> Settings:
    """Read the settings, or raise Misused: a sentence for each wrong one, no secret."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # validated like the environment
    except ValidationError as error:
        lines = [
            f"VERBATIM_{'__'.join(str(part) for part in e['loc']).upper()}: "
            f"{e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_input=False)
        ]
        raise Misused("; ".join(lines) + ". See .env.example.") from None


class _GivenSettings(Settings):
    """Settings that read nothing but what they are given: the demo never sees real credentials."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read settings from these variables alone: no .env, no environment."""
    values: dict[str, object] = {}
    for name, value in environment.items():
        place = values
        *path, last = name.removeprefix("VERBATIM_").lower().split("__")
        for part in path:
            place = place.setdefault(part, {})  # type: ignore[assignment]  # groups hold dicts only
        place[last] = value
    return _GivenSettings(**values)  # type: ignore[arg-type]  # validated like the environment
