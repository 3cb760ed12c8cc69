"""Whose mailbox a path names, and the account's own calls: profile, sender addresses.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/getProfile
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gmail.mailbox import ACCOUNT, MESSAGES, Mailbox
from sandbox.google.calls import answer

USER = "/gmail/v1/users/{user_id}"
UPLOAD = "/upload" + USER


def own(path: str) -> bool:
    """Say whether a path names this account's mailbox: everybody's token is this account's here."""
    return path.partition("/users/")[2].partition("/")[0].lower() in ("me", ACCOUNT, ACCOUNT.replace("@", "%40"))


class Users:
    """The calls about the account itself."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        return [
            Route(USER + "/profile", self.profile, methods=["GET"]),
            Route(USER + "/settings/sendAs", self.senders, methods=["GET"]),
        ]

    async def profile(self, request: Request) -> Response:
        """Show the account's address, how much it holds and where its history stands."""
        letters = list(self.mailbox.store.all(MESSAGES))
        profile = {
            "emailAddress": ACCOUNT,
            "messagesTotal": len(letters),
            "threadsTotal": len({one.object["threadId"] for one in letters}),
            "historyId": str(self.mailbox.history_id),
        }
        return answer(request, profile, {key: {} for key in profile}, "*")

    async def senders(self, request: Request) -> Response:
        """List the account's own address; as which others it sends is not checked here."""
        sender = {"sendAsEmail": ACCOUNT, "displayName": "", "isPrimary": True, "isDefault": True, "treatAsAlias": False}
        return answer(request, {"sendAs": [sender]}, {"sendAs": None}, "*")
