"""Every setting of the house, from the environment, `.env` or the generated secrets; it must not open any connection."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from contracts.errors import MisconfiguredError

LONGEST_SOCKET_PATH = 90
SANDBOX_CRM_APP = "9817227"


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Secrets = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """All settings, each `TOWLINE_` and its name; with none of them everything points at the local stack and its sandbox."""

    model_config = SettingsConfigDict(env_prefix="TOWLINE_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default=Path(".towline"), description="State folder")
    database_url: str | None = Field(default=None, description="PostgreSQL of the ledger; unset means the embedded server")
    port: int = Field(default=8400, description="Gateway and console")
    public_url: str | None = Field(
        default=None, description="The gateway as vendors call it, where a proxy stands before it; their signatures cover it"
    )
    sandbox_port: int = Field(default=8500, description="Sandbox")
    sandbox_limits: Literal["on", "off", "all"] = Field(
        default="on", description="Whether the sandbox enforces the vendors' rate limits; Gmail's only with `all`"
    )
    prefect_port: int = Field(default=4200, description="Prefect server and UI")
    prefect_api_url: str | None = Field(
        default=None, validation_alias="PREFECT_API_URL", description="A Prefect server that runs already"
    )
    children: int = Field(default=1, ge=1, le=32, description="Warm child processes of the resident worker: one for two cores")

    keep_days: float = Field(default=90, gt=0, description="Days for which the working papers of a finished deal stay")
    keep_runs_days: float = Field(default=14, gt=0.05, description="Days for which Prefect's runs, logs and events stay")

    events_secrets: Secrets = Field(default=(), description="Signing secrets of POST /events; the first signs, all verify")
    crm_webhook_secrets: Secrets = Field(default=(), description="Secrets of the CRM's webhooks")
    billing_webhook_secrets: Secrets = Field(default=(), description="Secrets of the billing system's webhooks")
    chat_signing_secrets: Secrets = Field(
        default=(), description="Secrets that the chat signs what people do there with; without any nothing is taken from it"
    )
    api_token: str = Field(default="", description="Bearer token of /api")

    crm: Literal["hubspot"] | None = Field(default=None, description="CRM vendor; unset means the sandbox")
    crm_base_url: str | None = None
    crm_app_id: str | None = Field(default=None, description="Our app's id at the CRM: its own changes are not events")
    crm_access_token: str | None = None
    crm_client_id: str | None = None
    crm_client_secret: str | None = None
    crm_refresh_token: str | None = None

    docs: Literal["google"] | None = Field(default=None, description="Document vendor; unset means the sandbox")
    docs_base_url: str | None = None
    docs_access_token: str | None = None
    docs_client_id: str | None = None
    docs_client_secret: str | None = None
    docs_refresh_token: str | None = None

    chat: Literal["slack"] | None = Field(default=None, description="Chat vendor; unset means the sandbox")
    chat_base_url: str | None = None
    chat_access_token: str | None = None

    mail: Literal["gmail", "smtp"] | None = Field(
        default=None, description="Mail vendor; unset means the sandbox's Gmail; smtp sends by SMTP and looks by IMAP"
    )
    mail_from: str = Field(default="Towline <deals@towline.example>", description="Sender of letters: name and address")
    mail_base_url: str | None = None
    mail_access_token: str | None = None
    mail_client_id: str | None = None
    mail_client_secret: str | None = None
    mail_refresh_token: str | None = None
    mail_smtp_url: str | None = Field(default=None, description="smtps://user:password@host:465, or smtp:// with STARTTLS")
    mail_imap_url: str | None = Field(default=None, description="imaps://user:password@host:993, or imap:// with STARTTLS")

    billing: Literal["stripe"] | None = Field(default=None, description="Billing vendor; unset means the sandbox")
    billing_base_url: str | None = None
    billing_api_key: str | None = Field(default=None, description="Secret (or restricted) API key of the billing system")

    @cached_property
    def state(self) -> Path:
        """The state folder as an absolute path."""
        return self.home.expanduser().absolute()

    @property
    def data_docs(self) -> Path:
        """The folder of the pages on data quality, which the nightly audit builds and the gateway shows."""
        return self.state / "data-docs"

    @property
    def own_crm_app(self) -> str:
        """Our app's id at the CRM, whose changes are no events; in the sandbox that of the OAuth client `towline`."""
        if self.crm and not self.crm_app_id:
            raise MisconfiguredError("TOWLINE_CRM_APP_ID: is needed, or our own changes would come back as events")
        return self.crm_app_id or SANDBOX_CRM_APP

    @property
    def embedded(self) -> bool:
        """Whether the ledger lies in the embedded PostgreSQL."""
        return self.database_url is None

    @cached_property
    def socket_folder(self) -> Path:
        """Where the embedded PostgreSQL listens: in the state folder, or in a short path where that one is too long."""
        folder = self.state / "postgres"
        if len(str(folder)) <= LONGEST_SOCKET_PATH:
            return folder
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"towline-{digest}"

    def database(self, name: str = "towline") -> str:
        """Return the SQLAlchemy URL of the ledger's database, or of `name` on the embedded server."""
        if self.database_url is None:
            return f"postgresql+asyncpg://postgres@/{name}?host={self.socket_folder}"
        scheme, separator, rest = self.database_url.partition("://")
        if not separator or not scheme.startswith("postgres"):
            raise MisconfiguredError("TOWLINE_DATABASE_URL: is not a postgresql:// URL")
        return f"postgresql+asyncpg://{rest}"

    @property
    def prefect_url(self) -> str:
        """The Prefect API."""
        return self.prefect_api_url or f"http://127.0.0.1:{self.prefect_port}/api"

    @property
    def prefect_ui(self) -> str:
        """Where people look at Prefect."""
        return self.prefect_url.removesuffix("/api")

    @property
    def gateway_url(self) -> str:
        """The gateway as it is reached on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def console_url(self) -> str:
        """Where people look at the house."""
        return self.public_url or self.gateway_url

    @property
    def runbooks_url(self) -> str:
        """Where people read what to do."""
        return f"{self.console_url}/runbooks"

    @property
    def sandbox_url(self) -> str:
        """The sandbox as it is reached on this machine."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def needs_sandbox(self) -> bool:
        """Whether any system points at the sandbox."""
        return any(vendor is None for vendor in (self.crm, self.docs, self.chat, self.mail, self.billing))


def load_settings() -> Settings:
    """Return the settings; secrets that the local stack made are read from the state folder.

    Raises:
        MisconfiguredError: a value does not fit; names the setting.
    """
    from pydantic import ValidationError

    try:
        home = Settings().state
        return Settings(_env_file=(home / "secrets.env", ".env"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise MisconfiguredError(f"TOWLINE_{name.removeprefix('TOWLINE_')}: {first['msg']}") from None
