"""A real browser walks every page as each role, on a phone and at a desk, by day and by night; and works by keyboard alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from ledger.database import Ledger
from lifecycle.roles import Role
from tests.browser.story import Story
from tests.cli.asking import ask, case_called, question
from tests.web.process import Gateway
from tests.web.test_console import sql
from tests.web.visitor import PASSWORD

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
OPEN = ("/", "/sign-in", "/runbooks/lead.md", "/nowhere")
"""What anybody sees."""
GRAVE = ("serious", "critical")
REACHABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary"
TABBED = """
() => { const all = [...document.querySelectorAll(SELECTOR)].filter((one) => one.checkVisibility());
  return [all.length, all.indexOf(document.activeElement)]; }
""".replace("SELECTOR", repr(REACHABLE))

Scheme = Literal["light", "dark"]


def pages_of(story: Story) -> list[str]:
    """Every page of the console."""
    return [
        "/",
        "/deals",
        "/deals?stage=proposed&q=no",
        f"/deals/{story.deal}",
        "/exceptions",
        f"/exceptions?cause={story.cause}",
        "/decisions",
        "/stuck",
        "/inbox",
        "/inbox?status=done&order=slowest",
        "/systems",
        "/documents",
        "/documents/orphans",
        "/contracts",
        "/contracts/systems",
        "/contracts/failures",
        "/contracts/mapping",
        "/owners",
        "/runbooks",
        "/runbooks/lead.md",
    ]


@asynccontextmanager
async def opened(
    browser: Browser,
    gateway: Gateway,
    login: str | None = None,
    *,
    size: str = "desk",
    scheme: Scheme = "light",
) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page of a person signed in, and what the browser complains of."""
    context = await browser.new_context(base_url=gateway.url, viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]
    page, complaints = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    try:
        if login:
            await page.goto("/sign-in")
            await page.get_by_label("Login").fill(login)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("heading", name="Now").wait_for()
        yield page, complaints
    finally:
        await context.close()


async def faults_of(page: Page, path: str, complaints: list[str]) -> list[str]:
    """Whatever is wrong with one page: what the browser says, what does not fit its width, what bars people from it."""
    complaints.clear()
    answer = await page.goto(path)
    assert answer is not None
    is_missing = path == "/nowhere"
    found = [] if answer.status == (404 if is_missing else 200) else [f"status {answer.status}"]
    found += [one for one in complaints if not (is_missing and "404" in one)]
    wide = await page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    if wide[0] > wide[1]:
        found.append(f"{wide[0]} wide on {wide[1]}")
    if await page.title() == "":
        found.append("no title")
    result = await Axe().run(page)
    found += [
        f"{one['id']}: {node['html'][:200]}"
        for one in result.response["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
    return [f"{path}: {one}" for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("login", [None, *(role.value for role in Role)])
async def test_every_page_is_fit_for_everybody(
    browser: Browser, gateway: Gateway, story: Story, login: str | None, size: str, scheme: Scheme
) -> None:
    faults = []
    async with opened(browser, gateway, login, size=size, scheme=scheme) as (page, complaints):
        for path in OPEN if login is None else pages_of(story):
            faults += await faults_of(page, path, complaints)
    assert faults == []


@pytest.mark.parametrize("login", ["operator", "approver"])
async def test_the_keyboard_reaches_everything_that_can_be_done(
    browser: Browser, gateway: Gateway, story: Story, login: str
) -> None:
    async with opened(browser, gateway, login) as (page, _):
        for path in pages_of(story):
            await page.goto(path)
            total, _ = await page.evaluate(TABBED)
            reached = set()
            for _ in range(total + 20):
                await page.keyboard.press("Tab")
                reached.add((await page.evaluate(TABBED))[1])
            assert reached >= set(range(total)), path


async def test_an_operator_finishes_what_stopped_by_keyboard(
    browser: Browser, gateway: Gateway, story: Story, ledger: Ledger
) -> None:
    """Given a deal that is stuck, when an operator goes from Now to its cause and ignores it, then it is stuck no more."""
    async with opened(browser, gateway, "operator") as (page, _):
        cause = "gate/milestone/the_note_is_approved"
        await page.get_by_role("link", name=cause).first.focus()
        await page.keyboard.press("Enter")
        await page.locator("#because").select_option(index=1)
        await page.get_by_label("Reason").focus()
        await page.keyboard.type("nobody waits for it")
        for _ in range(3):
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_text("1 of 1 ignored").wait_for()
        await page.goto("/stuck")
        assert await page.get_by_text("Alpine Ski House").count() == 0
    assert await sql(ledger, "SELECT cause FROM exceptions WHERE closed_as = 'ignored'") == [(cause,)]


async def test_an_open_page_moves_by_itself_and_keeps_the_focus_and_is_gone_with_its_session(
    browser: Browser, gateway: Gateway, story: Story, ledger: Ledger
) -> None:
    """Given *Now* on a screen, when a proposal waits, it is told; when the session ends, no deal stands there any more."""
    async with opened(browser, gateway, "viewer") as (page, complaints):
        await page.get_by_role("link", name="2 decisions wait").focus()
        await ask(ledger, question(case_called("late"), title="Humongous Insurance"))
        await page.get_by_role("link", name="3 decisions wait").wait_for()
        assert await page.evaluate("() => document.activeElement.getAttribute('href')") == "/decisions"
        assert complaints == []
        await sql(ledger, "UPDATE sessions SET ended_at = now()")
        await ask(ledger, question(case_called("later"), title="Relecloud"))
        await page.get_by_role("link", name="Sign in", exact=True).wait_for()
        assert await page.get_by_text("Fabrikam").count() == 0
