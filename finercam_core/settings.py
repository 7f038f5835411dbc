"""Every setting that an environment variable gives, described once.

Settings are of a process and of those that it starts, whatever is run in them; what a run does is in its options.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from finercam_core.errors import SettingError
from finercam_core.suggestions import did_you_mean

PREFIX = "FINERCAM_"
INTERNAL = ("FINERCAM_LOGINS", "FINERCAM_SERVED_BY", "FINERCAM_COMMAND")
"""Variables by which a process tells those that it starts something; nobody sets them."""


class Settings(BaseSettings):
    """Settings of this process, as its environment gives them; an empty variable is one that is not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    allow_factories: str = Field(
        "", description="Functions, and folders of classifiers that may name one, which runs may call; separated by ;."
    )
    allow_private: bool = Field(False, description="Also ask servers on this machine and in private networks.")
    allow_schedulers: str = Field("", description="Dask schedulers that runs may connect to; separated by ;.")
    notify: SecretStr = Field(SecretStr(""), description="Apprise addresses that are told of failed runs.")
    log: Literal["text", "json"] = Field("text", description="json: log lines as JSON with run, shard and specimen.")
    metrics_port: int | None = Field(None, ge=1, le=65535, description="Port of `finercam serve` for Prometheus.")
    metrics_host: str = Field("127.0.0.1", description="Address at which metrics are served.")


@dataclass(frozen=True)
class ShownSetting:
    """A setting, for people.

    Attributes
    ----------
    variable, description : str
    value : str
        As it is set, "(set)" for a secret; "" where the default holds.
    default : str
    """

    variable: str
    value: str
    default: str
    description: str


def settings() -> Settings:
    """Settings as the environment gives them now.

    Raises
    ------
    SettingError
        If a variable has a value that it cannot have.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # mypy knows the fields, not where they come from
    except ValidationError as error:
        first = error.errors()[0]
        name = variable(str(first["loc"][0]))
        about = Settings.model_fields[str(first["loc"][0])].description
        raise SettingError(f"{name} is {os.environ.get(name, '')!r}: {first['msg']}", f"it means: {about}") from error


def variable(field: str) -> str:
    """Environment variable of a setting."""
    return f"{PREFIX}{field}".upper()


def shown() -> list[ShownSetting]:
    """All settings; what an environment variable holds is shown as it stands there, unless it is a secret."""
    return [
        ShownSetting(variable(name), _value(name), _default(name), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def unknown_variables() -> Iterator[str]:
    """A sentence for each variable that looks like a setting and is none, which would change nothing."""
    known = [variable(name) for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in (*known, *INTERNAL) and not name.startswith(f"{PREFIX}TEST_"):
            yield f"{name} is no setting: {did_you_mean(name, known) or 'see docs/operate.md'}"


def _value(name: str) -> str:
    stated = os.environ.get(variable(name), "")
    return "(set)" if stated and Settings.model_fields[name].annotation is SecretStr else stated


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    return "" if default is None or isinstance(default, SecretStr) else str(default)
