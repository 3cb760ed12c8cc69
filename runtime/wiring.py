"""The one place that puts the house together: which vendor stands behind each port, and where the ledger lies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from connectors.billing.port import Billing
from connectors.billing.stripe import StripeBilling
from connectors.budget import UNLIMITED, Budget
from connectors.chat.port import Chat
from connectors.chat.slack import Slack
from connectors.crm.hubspot import HubSpot
from connectors.crm.port import Crm
from connectors.docs.google import GoogleDocs
from connectors.docs.port import Docs
from connectors.drift import UNWATCHED, Drift
from connectors.mail.gmail import Gmail
from connectors.mail.port import Mail
from connectors.mail.smtp import SmtpImap
from connectors.oauth import RefreshedToken, StaticToken, Token
from contracts.autonomy import autonomy
from contracts.budgets import Ask, Drawn, budgets
from contracts.catalog import Catalog, catalog
from contracts.clauses import clauses
from contracts.errors import MisconfiguredError
from contracts.rules import rules
from ledger.database import Ledger, noting
from lifecycle.templates import templates
from runtime.settings import Settings

LEASE = 30.0
"""Seconds for which an event is held without a sign of life."""
GRACE = 15.0
"""Seconds for which a call that nobody waits for any more may still be under way at the vendor: our connectors' read timeout."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process works with. Flows and tasks ask `runtime()` for it; tests put together their own."""

    settings: Settings
    catalog: Catalog
    ledger: Ledger
    crm: Crm
    docs: Docs
    chat: Chat
    mail: Mail
    billing: Billing
    worker: str
    lease: float = LEASE
    grace: float = GRACE

    def preparations(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return, by system, what makes it ready for us: key properties, root folder, templates, label. Safe to repeat."""
        return {"crm": self.crm.prepare, "docs": partial(self.docs.prepare, templates()), "mail": self.mail.prepare}

    async def prepare(self) -> None:
        """Make all outside systems ready for us. Safe to repeat."""
        await asyncio.gather(*(make() for make in self.preparations().values()))


_current: Runtime | None = None


def runtime() -> Runtime:
    """Return this process's runtime. Raises RuntimeError outside of `using`."""
    if _current is None:
        raise RuntimeError("nothing is wired: open `assembled` or `using` first")
    return _current


@contextlib.contextmanager
def using(house: Runtime) -> Iterator[Runtime]:
    """Make `house` this process's runtime for a while."""
    global _current
    before, _current = _current, house
    try:
        yield house
    finally:
        _current = before


@contextlib.asynccontextmanager
async def assembled(settings: Settings, *, worker: str) -> AsyncIterator[Runtime]:
    """Put the house together for this process, and take it apart again.

    Raises:
        MisconfiguredError: a vendor is chosen without its credentials.
        FileError: the catalog, a budget, a rule, an action or a clause is wrong.
    """
    ledger = Ledger(settings.database())
    budget = partial(budget_of, settings, shared=SharedBudgets(ledger))
    drift = Drift(noting(ledger))
    crm = hubspot(settings, budget("crm", "hubspot"), drift)
    docs = google(settings, budget("docs", "google"), drift)
    chat = slack(settings, budget("chat", "slack"), drift)
    letters = mail(settings, budget("mail", "gmail"), drift)
    billing = stripe(settings, budget("billing", "stripe"), drift)
    clauses()  # a file that is wrong is said now, not at the first proposal
    rules()
    autonomy()
    try:
        with using(Runtime(settings, catalog(), ledger, crm, docs, chat, letters, billing, worker)) as house:
            yield house
    finally:
        for closing in (crm.aclose, docs.aclose, chat.aclose, letters.aclose, billing.aclose, ledger.close):
            with contextlib.suppress(OSError):
                await closing()


class SharedBudgets:
    """The budgets of all vendors' accounts, as the processes of a ledger share them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def draw(self, ask: Ask) -> Drawn:
        """Give calls away, each once."""
        async with self._ledger.at_once() as books:
            return await books.budgets.draw(ask)

    async def hold(self, name: str, seconds: float) -> None:
        """Give none away for so long."""
        async with self._ledger.at_once() as books:
            await books.budgets.hold(name, seconds)


def budget_of(settings: Settings, system: str, vendor: str, shared: SharedBudgets) -> Budget:
    """Return the budget of the vendor that stands for a system; the sandbox has the limits that it is told to have."""
    limits, is_sandbox = settings.sandbox_limits, getattr(settings, system) is None
    if is_sandbox and (limits == "off" or (vendor == "gmail" and limits != "all")):
        return UNLIMITED
    return Budget(system, vendor, budgets()[vendor].limits, shared)


def hubspot(settings: Settings, budget: Budget = UNLIMITED, drift: Drift = UNWATCHED) -> HubSpot:
    """Return the CRM: HubSpot, or the sandbox's. https://developers.hubspot.com/docs/api/overview"""
    if settings.crm is None:
        base = settings.crm_base_url or f"{settings.sandbox_url}/hubspot"
        token, own_app = _sandbox_token("crm", f"{base}/oauth/v1/token"), settings.own_crm_app
        return HubSpot(base, token, budget=budget, drift=drift, own_app=own_app)
    base = settings.crm_base_url or "https://api.hubapi.com"
    token = _token("crm", settings, f"{base}/oauth/v1/token")
    return HubSpot(base, token, budget=budget, drift=drift, own_app=settings.crm_app_id)


def google(settings: Settings, budget: Budget = UNLIMITED, drift: Drift = UNWATCHED) -> GoogleDocs:
    """Return the document system: Google Drive and Docs, or the sandbox's."""
    if settings.docs is None:
        base = settings.docs_base_url or f"{settings.sandbox_url}/google"
        return GoogleDocs(base, base, _sandbox_token("docs", f"{base}/token"), budget=budget, drift=drift)
    drive = settings.docs_base_url or "https://www.googleapis.com"
    docs = settings.docs_base_url or "https://docs.googleapis.com"
    token_url = f"{settings.docs_base_url}/token" if settings.docs_base_url else "https://oauth2.googleapis.com/token"
    return GoogleDocs(drive, docs, _token("docs", settings, token_url), budget=budget, drift=drift)


def slack(settings: Settings, budget: Budget = UNLIMITED, drift: Drift = UNWATCHED) -> Slack:
    """Return the chat: Slack, or the sandbox's."""
    if settings.chat is None:
        base = settings.chat_base_url or f"{settings.sandbox_url}/slack/api"
        return Slack(base, settings.chat_access_token or "xoxb-sandbox", budget=budget, drift=drift)
    if not settings.chat_access_token:
        raise MisconfiguredError("TOWLINE_CHAT_ACCESS_TOKEN: is needed for slack")
    return Slack(settings.chat_base_url or "https://slack.com/api", settings.chat_access_token, budget=budget, drift=drift)


def mail(settings: Settings, budget: Budget = UNLIMITED, drift: Drift = UNWATCHED) -> Gmail | SmtpImap:
    """Return the mail system: Gmail, SMTP with IMAP, or the sandbox's Gmail."""
    if settings.mail == "smtp":
        if not (settings.mail_smtp_url and settings.mail_imap_url):
            raise MisconfiguredError("TOWLINE_MAIL_SMTP_URL and TOWLINE_MAIL_IMAP_URL: are needed for smtp")
        return SmtpImap(settings.mail_smtp_url, settings.mail_imap_url, settings.mail_from)
    if settings.mail is None:
        base = settings.mail_base_url or f"{settings.sandbox_url}/google"
        return Gmail(base, _sandbox_token("mail", f"{base}/token"), settings.mail_from, budget=budget, drift=drift)
    base = settings.mail_base_url or "https://gmail.googleapis.com"
    token_url = f"{settings.mail_base_url}/token" if settings.mail_base_url else "https://oauth2.googleapis.com/token"
    return Gmail(base, _token("mail", settings, token_url), settings.mail_from, budget=budget, drift=drift)


def stripe(settings: Settings, budget: Budget = UNLIMITED, drift: Drift = UNWATCHED) -> StripeBilling:
    """Return the billing system: Stripe, or the sandbox's."""
    if settings.billing is None:
        base = settings.billing_base_url or f"{settings.sandbox_url}/stripe"
        return StripeBilling(base, settings.billing_api_key or "sk_test_sandbox", budget=budget, drift=drift)
    if not settings.billing_api_key:
        raise MisconfiguredError("TOWLINE_BILLING_API_KEY: is needed for stripe")
    return StripeBilling(
        settings.billing_base_url or "https://api.stripe.com", settings.billing_api_key, budget=budget, drift=drift
    )


def _sandbox_token(system: str, token_url: str) -> Token:
    return RefreshedToken(
        system,
        token_url,
        client_id="towline",
        client_secret="sandbox-client-secret",  # noqa: S106  (the sandbox's, and no secret)
        refresh_token="sandbox-refresh-token",  # noqa: S106
    )


def _token(system: str, settings: Settings, token_url: str) -> Token:
    """The token of a system: one that never changes if it is given, else one renewed by OAuth 2.0."""

    def setting(name: str) -> str | None:
        value: str | None = getattr(settings, f"{system}_{name}")
        return value

    if access := setting("access_token"):
        return StaticToken(access)
    client_id, secret, refresh = setting("client_id"), setting("client_secret"), setting("refresh_token")
    if not (client_id and secret and refresh):
        prefix = f"TOWLINE_{system.upper()}"
        raise MisconfiguredError(
            f"{prefix}_ACCESS_TOKEN, or {prefix}_CLIENT_ID, {prefix}_CLIENT_SECRET and {prefix}_REFRESH_TOKEN: needed"
        )
    return RefreshedToken(system, token_url, client_id=client_id, client_secret=secret, refresh_token=refresh)
