"""People and the app itself: users.*, auth.test, api.test.

https://docs.slack.dev/reference/methods/users.lookupByEmail
"""

import time

from starlette.responses import Response

from sandbox.slack.arguments import Arguments, accept, refuse
from sandbox.slack.channels import paged
from sandbox.slack.workspace import TEAM, TEAM_ID, URL, Workspace, bot_of, bot_person


class People:
    """The user and app methods."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def api_test(self, arguments: Arguments, token: str) -> Response:
        """Answer; with an `error` given, fail with it."""
        if error := arguments.text("error"):
            raise refuse(error, args={"error": error})
        return accept()

    def auth_test(self, arguments: Arguments, token: str) -> Response:
        """Say whose token this is."""
        bot, user, _ = bot_of(token)
        own = {"url": URL, "team": TEAM, "team_id": TEAM_ID, "user": "towline", "user_id": user, "bot_id": bot}
        return accept(**own, is_enterprise_install=False)

    def list_people(self, arguments: Arguments, token: str) -> Response:
        """Show everybody, page by page."""
        page, cursor = paged([*self.workspace.people.values(), bot_person(token)], arguments)
        return accept(members=page, cache_ts=int(time.time()), response_metadata={"next_cursor": cursor})

    def info(self, arguments: Arguments, token: str) -> Response:
        """Show one person."""
        return accept(user=self.workspace.person(arguments.required("user"), token))

    def by_email(self, arguments: Arguments, token: str) -> Response:
        """Find a person by e-mail address."""
        wanted = arguments.required("email").lower()
        for person in self.workspace.people.values():
            if person["profile"]["email"] == wanted:
                return accept(user=person)
        raise refuse("users_not_found")
