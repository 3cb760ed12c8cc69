"""What the sandbox can be told from outside, and nothing about the systems it stands in for."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the sandbox process, read from the environment."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    port: int = Field(8500, ge=0, le=65535, validation_alias="TOWLINE_SANDBOX_PORT")
    limits: Literal["all"] | bool = Field(
        True,
        validation_alias="TOWLINE_SANDBOX_LIMITS",
        description="Enforce the vendors' published rate limits; Gmail's, one letter a second, only with `all`.",
    )
    state: Path | None = Field(
        None, validation_alias="TOWLINE_SANDBOX_STATE", description="State folder; unset keeps all in memory."
    )
    gateway_url: str = Field(
        "http://127.0.0.1:8400", validation_alias="TOWLINE_GATEWAY_URL", description="Where webhooks are sent."
    )
    crm_webhook_secrets: str = Field(
        "", validation_alias="TOWLINE_CRM_WEBHOOK_SECRETS", description="Comma-separated; the first signs."
    )
    billing_webhook_secrets: str = Field(
        "", validation_alias="TOWLINE_BILLING_WEBHOOK_SECRETS", description="Comma-separated; the first signs."
    )
    chat_signing_secrets: str = Field(
        "", validation_alias="TOWLINE_CHAT_SIGNING_SECRETS", description="Comma-separated; the first signs."
    )

    @property
    def chat_signing_secret(self) -> str | None:
        """Return the secret that signs what people do in chat; without one, nobody is told of it."""
        return self.chat_signing_secrets.split(",")[0].strip() or None

    @property
    def crm_webhook_secret(self) -> str | None:
        """Return the secret that signs CRM webhooks; without one, none are sent."""
        return self.crm_webhook_secrets.split(",")[0].strip() or None

    @property
    def billing_webhook_secret(self) -> str | None:
        """Return the secret that signs billing webhooks; without one, none are sent."""
        return self.billing_webhook_secrets.split(",")[0].strip() or None

    def journal(self, system: str) -> Path | None:
        """Return the file in which a system keeps its state, or None for memory only."""
        return self.state / f"{system}.jsonl" if self.state else None
