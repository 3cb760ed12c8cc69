"""Whether anything decides by accident: random people, doors, scanners and changes against the real ledger and the console.

python -m benchmarks.decisions [--interactions 100000] [--seed 7]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
import uvloop
from argon2 import PasswordHasher
from sqlalchemy import text

from benchmarks.decisions_oracle import APPROVERS, OWN_ALLOWED, QUORUM, USERS, Oracle, Said, Stands, Times
from benchmarks.gateway import postgres
from contracts.catalog import Catalog, catalog
from contracts.decisions import Policy
from contracts.errors import RefusedError
from contracts.owners import Owners
from ledger.database import Ledger
from ledger.deciding import decide
from ledger.decisions import NewDecision
from ledger.escalating import escalate
from lifecycle.decisions import Verdict
from lifecycle.keys import decision_id
from runtime.settings import Settings
from web.app import create_app

URL, SPACE, TOKEN = "http://gateway.test", UUID(int=42), secrets.token_hex(16)
OWNERS = ("sales-1", "head-of-sales", "finance-operations", "workplace", None)
NAMES = (*APPROVERS, *APPROVERS, "integration", "delivery-operations", "sales-1", "nobody")
PASSWORD = secrets.token_urlsafe(16)
HOOKS: dict[str, Any] = {"crm_webhook_secrets": "secret", "billing_webhook_secrets": "secret", "crm_app_id": "77"}
SETTINGS = Settings(_env_file=None, api_token=TOKEN, events_secrets=("whsec_c2VjcmV0",), **HOOKS)
Agree = Callable[[set[str]], Catalog]
"""What is agreed while these approvers are taken out."""

LATER = "UPDATE decisions SET asked_at = asked_at - interval '180 d', turned_at = turned_at - interval '180 d' WHERE id = :id"
OVER = "UPDATE delegations SET since = now() - interval '2 h', until = now() - interval '1 s' WHERE id = :id"


class Fuzz:
    """A ledger, the console on it before and after each change of the approvers, and what must have become of every decision."""

    def __init__(self, ledger: Ledger, seed: int, agree: Agree) -> None:
        self._agree = agree
        self._houses: dict[frozenset[str], tuple[Catalog, httpx.AsyncClient]] = {}
        self._ledger, self._draw, self._times = ledger, random.Random(seed), Times()  # noqa: S311
        self._sessions: dict[str, tuple[str, str]] = {}
        self._sent: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self._delegations: list[tuple[int, str, str]] = []
        self._number, self._content = 0, ""
        self.counts, self.ends, self.false = Counter[str](), Counter[str](), list[str]()
        self._deploy()

    @property
    def done(self) -> int:
        """How many interactions there were."""
        return sum(self.counts.values())

    async def run(self, interactions: int) -> None:
        """Let people and machines do as they like with one decision after the other."""
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        async with self._ledger.begin() as books:
            for login, owners in USERS.items():
                await books.users.add(login, name=login, roles=["approver"], owners=owners, password_hash=hashed)
        for login in USERS:
            await self._sign_in(login)
        while self.done < interactions:
            await self._one_decision(min(interactions - self.done, self._draw.randint(10, 40)))

    async def _one_decision(self, interactions: int) -> None:
        await self._ask()
        acts: dict[Callable[[], Coroutine[Any, Any, None]], int] = {
            self._looks: 30, self._answers: 22, self._forged: 12, self._replays: 12, self._doubles: 6, self._races: 6,
            self._delegates: 3, self._recalls: 3, self._waits: 2, self._changes: 1, self._deploys: 1, self._leaves: 1,
        }  # fmt: skip
        for act in self._draw.choices(list(acts), list(acts.values()), k=interactions):
            self.counts[act.__name__.strip("_")] += 1
            await act()
        await self._judge()
        self.ends[self._oracle.state] += 1
        async with self._ledger.begin() as books:
            await books.decisions.withdraw([self._case])

    async def _ask(self) -> None:
        self._number += 1
        self._case, self._content = uuid5(SPACE, f"case {self._number}"), secrets.token_hex(32)
        self._oracle = Oracle(self._draw.choice(list(QUORUM)), self._draw.choice(OWNERS) or "")
        fields = dict.fromkeys(("account_id", "amount_minor", "currency"), None)
        row = {"id": self._case, "stage": "proposed", "title": "Northwind", "owner": None, "crm_deal_id": str(self._number)}
        async with self._ledger.begin() as books:
            await books.cases.open([self._case])
            await books.cases.advance([row | fields])
        await self._ask_for(self._oracle)

    async def _ask_for(self, oracle: Oracle) -> None:
        self._id = decision_id(self._case, "doc", self._content)
        about = (oracle.kind, self._case, self._case, "Northwind", "doc", "https://docs.example/doc", self._content, 1, "EUR", {})
        async with self._ledger.begin() as books:
            await books.decisions.ask([NewDecision(self._id, *about, oracle.owner or None)])  # type: ignore[arg-type]

    async def _looks(self) -> None:
        """A preview, a scanner, a crawler: with or without a session, everything that a link can carry."""
        login = self._draw.choice((*USERS, None))
        method = self._draw.choice(("GET", "GET", "HEAD", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"))
        path = self._draw.choice(
            (f"/decisions/{self._id}",) * 6 + ("/decisions", f"/api/decisions/{self._id}", f"/deals/{self._case}")
        )
        query = {"verdict": "approve", "content": self._content, "by": "head-of-sales", "form_token": self._sessions["holly"][1]}
        answer = await self._client.request(method, path, params=query, headers=self._cookie(login))
        self._expect(answer.status_code != 303 or "told" not in answer.headers["location"], f"{method} {path} was an answer")

    async def _forged(self) -> None:
        """A form of another site, of another session, of nobody; JSON in its place; the API's token at its door."""
        login = self._draw.choice(list(USERS))
        fields, said = self._fields(login)
        headers = self._cookie(login)
        kind = self._draw.choice(("site", "origin", "token", "nobody", "json", "api", "name"))
        if kind == "site":
            headers |= {"sec-fetch-site": self._draw.choice(("cross-site", "same-site"))}
        elif kind == "origin":
            headers |= {"origin": self._draw.choice(("https://evil.example", "null"))}
        elif kind == "token":
            fields["form_token"] = self._draw.choice(
                ("", "0" * 64, *(t for who, (_, t) in self._sessions.items() if who != login))
            )
        elif kind == "nobody":
            headers = self._draw.choice(({}, {"cookie": f"towline_session={secrets.token_urlsafe(32)}"}))
        elif kind == "name":
            fields["by"] = self._draw.choice([name for name in NAMES if name not in USERS[login]])
        if kind == "json":
            answer = await self._client.post(f"/decisions/{self._id}", json=fields, headers=headers)
        elif kind == "api":
            bearer = {"authorization": f"Bearer {TOKEN}"}
            answer = await self._client.post(f"/api/decisions/{self._id}", data=fields, headers=bearer)
        else:
            answer = await self._client.post(f"/decisions/{self._id}", data=fields, headers=headers)
        self._expect(answer.status_code >= 400, f"a forged form ({kind}) was taken: {said}")

    async def _answers(self) -> None:
        """Somebody answers by a door; most have no right to."""
        said, send = self._try()
        must = self._oracle.tries(self._times, said)
        self._expect(await send() == must, f"{said} was {'not ' if must else ''}taken")

    async def _doubles(self) -> None:
        """A double click: the same answer two or three times at one moment."""
        said, send = self._try()
        await self._at_once([(said, send)] * self._draw.choice((2, 3)))

    async def _races(self) -> None:
        """Several people answer at one moment, by several doors."""
        await self._at_once([self._try() for _ in range(self._draw.choice((2, 3)))])

    async def _at_once(self, tried: list[tuple[Said, Callable[[], Coroutine[Any, Any, bool]]]]) -> None:
        self.counts["at_once"] += len(tried) - 1
        allowed = self._oracle.any_order(self._times, [said for said, _ in tried])
        taken = sum(await asyncio.gather(*(send() for _, send in tried)))
        state, answers, _ = await self._stands()
        if (state, frozenset(answers), taken) in {(one, frozenset(two), three) for one, two, three in allowed}:
            self._oracle.state, self._oracle.answers = state, answers
            self._oracle.events = int(state == "approved") or self._oracle.events
        else:
            self.false.append(f"{[said for said, _ in tried]} at once: {state}, {answers}")
        await self._judge()

    async def _replays(self) -> None:
        """What was sent once comes again, from a forwarded message or a restored tab; of another decision, or of this one."""
        if self._sent:
            path, fields, headers = self._draw.choice(self._sent[-30:])
            said = Said(
                fields["by"],
                self._login_of(headers),
                fields["verdict"],
                bool(fields["reason"]),
                fields["content"] == self._content,
            )
            own = path.endswith(str(self._id)) and said.login is not None and fields["by"] in USERS[said.login]
            must = own and self._oracle.tries(self._times, said)
            answer = await self._client.post(path, data=fields, headers=headers)
            self._expect((answer.status_code == 303) == must, f"a replay of {said} was {'not ' if must else ''}taken")

    async def _delegates(self) -> None:
        approver, stand_in = self._draw.choice(APPROVERS), self._draw.choice(("integration", "delivery-operations", *APPROVERS))
        later = datetime.now(UTC) + timedelta(days=1)
        with contextlib.suppress(RefusedError):
            async with self._ledger.begin() as books:
                named = {"approver": approver, "stand_in": stand_in, "until": later, "reason": "on leave"}
                number = await books.delegations.name(self._agreed.owners, **named)
            self._delegations.append((number, approver, stand_in))
            self._times.stand_ins.append((approver, stand_in))

    async def _recalls(self) -> None:
        """A delegation is taken back, or its time ends."""
        if self._delegations:
            one = number, approver, _ = self._draw.choice(self._delegations)
            if self._draw.random() < 0.5:
                async with self._ledger.begin() as books:
                    await books.delegations.end(number, by=approver)
            else:
                await self._sql(
                    OVER,
                    id=number,
                )
            self._delegations.remove(one)
            self._times.stand_ins = [(approver, stand_in) for _, approver, stand_in in self._delegations]

    async def _waits(self) -> None:
        """Days go by: the decision goes on to the next, and is as answerable as before."""
        await self._sql(LATER, id=self._id)
        async with self._ledger.begin() as books:
            await escalate(books, self._agreed)

    async def _changes(self) -> None:
        """The content changes: what was answered is void, and it is asked again."""
        await self._judge()
        async with self._ledger.begin() as books:
            await books.decisions.void([self._id])
        self._oracle.state = "void"
        await self._judge()
        self._content = secrets.token_hex(32)
        self._oracle = Oracle(self._oracle.kind, self._oracle.owner)
        await self._ask_for(self._oracle)

    async def _deploys(self) -> None:
        """The house starts anew with other approvers in force: one was taken out, or is back."""
        one = self._draw.choice(APPROVERS)
        self._times.revoked ^= {one} if one in self._times.revoked or not self._times.revoked else set()
        self._deploy()

    async def _leaves(self) -> None:
        """Somebody signs out and in again; whatever their old session has sent is worth nothing."""
        login = self._draw.choice(list(USERS))
        await self._client.post("/sign-out", data={"form_token": self._sessions[login][1]}, headers=self._cookie(login))
        await self._sign_in(login)

    def _try(self) -> tuple[Said, Callable[[], Coroutine[Any, Any, bool]]]:
        """Draw an answer and how it is sent."""
        if self._draw.random() < 0.5:
            login = self._draw.choice(list(USERS))
            fields, said = self._fields(login)
            return said, lambda: self._sends(f"/decisions/{self._id}", fields, self._cookie(login), said)
        content = self._draw.choice((None, self._content, self._content, "f" * 64))
        reason = self._draw.choice(("", "too cheap"))
        verdict, by = self._draw.choice(list(Verdict)), self._draw.choice(NAMES)
        door, decision = self._draw.choice(("command line", "prefect", "slack")), self._id
        said = Said(by, None, verdict.value, bool(reason), content in (None, self._content))
        return said, lambda: self._decides(decision, verdict, by=by, door=door, reason=reason, content=content)

    async def _sends(self, path: str, fields: dict[str, str], headers: dict[str, str], said: Said) -> bool:
        self._sent.append((path, fields, headers))
        answer = await self._client.post(path, data=fields, headers=headers)
        if answer.status_code not in (303, 400, 403, 404, 409):
            self.false.append(f"{answer.status_code} for {said}")
        return answer.status_code == 303

    async def _decides(self, decision: UUID, verdict: Verdict, **answer: Any) -> bool:
        try:
            await decide(self._ledger, self._agreed, decision, verdict, **answer)
        except RefusedError:
            return False
        return True

    def _fields(self, login: str) -> tuple[dict[str, str], Said]:
        by = self._draw.choice(USERS[login] or ("head-of-sales",))
        verdict, reason = self._draw.choice(("approve", "approve", "reject")), self._draw.choice(("", "too cheap"))
        content = self._draw.choice((self._content,) * 4 + ("f" * 64, ""))
        fields = {"verdict": verdict, "reason": reason, "content": content, "by": by, "form_token": self._sessions[login][1]}
        said = Said(by, login, verdict, bool(reason), content == self._content)
        return fields, said if USERS[login] else said._replace(is_right_content=False)

    async def _sign_in(self, login: str) -> None:
        answer = await self._client.post("/sign-in", data={"login": login, "password": PASSWORD})
        self._client.cookies.clear()
        cookie = answer.headers["set-cookie"].partition(";")[0]
        page = await self._client.get("/runbooks/none", headers={"cookie": cookie, "accept": "text/html"})
        found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
        assert found
        self._sessions[login] = (cookie, found[1])

    def _cookie(self, login: str | None) -> dict[str, str]:
        return {"cookie": self._sessions[login][0]} if login else {}

    def _login_of(self, headers: dict[str, str]) -> str | None:
        return next((login for login, (cookie, _) in self._sessions.items() if headers.get("cookie") == cookie), None)

    def _deploy(self) -> None:
        """Put a house in the place of the one before; of each there is one, for making its pages takes long."""
        revoked = frozenset(self._times.revoked)
        if revoked not in self._houses:
            agreed = self._agree(self._times.revoked)
            app = create_app(SETTINGS, self._ledger, agreed)
            self._houses[revoked] = agreed, httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=URL)
        self._agreed, self._client = self._houses[revoked]

    async def _stands(self) -> tuple[str, tuple[Stands, ...], int]:
        async with self._ledger.begin() as books:
            row = (await books.decisions.get([self._id]))[self._id]
            answers = (await books.decisions.answers([self._id]))[self._id]
        found = await self._sql("SELECT count(*) FROM inbox WHERE external_id = :name", name=f"{self._id}/approved")
        return str(row.state), tuple(Stands(one.approver, one.by, one.login, one.verdict) for one in answers), found

    async def _judge(self) -> None:
        """Compare what the ledger says with what must be."""
        found, must = await self._stands(), self._oracle
        self._expect(found == (must.state, must.answers, must.events), f"{found} in the place of {must}")

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.false.append(f"decision {self._number} ({self._oracle.kind}, of {self._oracle.owner}): {what}")

    async def _sql(self, statement: str, **values: object) -> int:
        async with self._ledger._engine.begin() as connection:
            answer = await connection.execute(text(statement), values)
            return int(answer.scalar_one()) if answer.returns_rows else 0


def agreed(revoked: set[str]) -> Catalog:
    """Return what is agreed with other policies, and without the approvers that were taken out."""
    own = catalog()
    kinds = tuple(QUORUM)
    people = {
        key: one.model_copy(update={"approves": kinds if key in APPROVERS and key not in revoked else ()})
        for key, one in own.owners.owners.items()
    }
    policies = {
        kind: Policy(
            quorum=number, own=kind in OWN_ALLOWED, within_hours=48, route=APPROVERS[:2], why="drawn for a benchmark", decision=47
        )
        for kind, number in QUORUM.items()
    }
    return replace(own, owners=Owners.model_construct(owners=people), policies=policies)


async def fuzzed(url: str, interactions: int, seed: int, agree: Agree = agreed) -> Fuzz:
    """Run on a ledger under what is agreed and return what was found."""
    ledger = Ledger(url, pool=4)
    try:
        fuzz = Fuzz(ledger, seed, agree)
        await fuzz.run(interactions)
        return fuzz
    finally:
        await ledger.close()


def main() -> None:
    """Run, print, and end with 1 when anything was decided that must not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    with postgres() as url:
        began = time.perf_counter()
        fuzz = uvloop.run(fuzzed(url.replace("postgresql://", "postgresql+asyncpg://"), arguments.interactions, arguments.seed))
        seconds = time.perf_counter() - began
    print(f"{fuzz.done} interactions in {seconds:.0f} s, {fuzz.done / seconds:.0f} a second, seed {arguments.seed}")
    print("interactions: " + ", ".join(f"{number} {what}" for what, number in fuzz.counts.most_common()))
    print("decisions: " + ", ".join(f"{number} {state}" for state, number in sorted(fuzz.ends.items())))
    print(f"false decisions: {len(fuzz.false)}")
    for one in fuzz.false[:20]:
        print(f"   {one}")
    raise SystemExit(1 if fuzz.false else 0)


if __name__ == "__main__":
    main()
