"""How text from outside becomes part of a chat message without becoming markup; knows no client."""

from __future__ import annotations


def plain(text: str) -> str:
    """Return text that the chat shows as it is: no link, mention or channel can be made with it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
