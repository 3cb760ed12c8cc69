"""Checks the parts of a message as Slack does before it takes them: blocks and metadata.

https://docs.slack.dev/reference/block-kit/blocks
"""

from typing import Any

from sandbox.slack.arguments import Arguments, refuse

MOST_BLOCKS = 50
_KNOWN = {
    "actions", "alert", "call", "card", "carousel", "context", "context_actions", "divider", "file", "header", "image", "input",
    "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
}  # fmt: skip
_TEXT_LIMITS = {"section": 3000, "header": 150, "markdown": 12_000}
_ELEMENT_LIMITS = {"actions": 25, "context": 10}


def blocks_of(arguments: Arguments) -> list[dict[str, Any]] | None:
    """Return a call's blocks, checked, or None. Raises Slack's invalid_blocks."""
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise refuse("invalid_blocks_format")
    if len(blocks) > MOST_BLOCKS:
        raise refuse("invalid_blocks", f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        if complaint := _complaint(block):
            raise refuse("invalid_blocks", f"{complaint} [json-pointer:/blocks/{number}]")
    given = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(set(given)) < len(given):
        raise refuse("invalid_blocks", "block_id already exists [json-pointer:/blocks]")
    return blocks


def metadata_of(arguments: Arguments) -> dict[str, Any] | None:
    """Return a call's metadata, checked, or None. Raises Slack's invalid_metadata_format and invalid_metadata_schema."""
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise refuse("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise refuse("invalid_metadata_schema", "event_type and event_payload are required [json-pointer:/metadata]")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _complaint(block: Any) -> str | None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _KNOWN:
        return f"unsupported type: {kind}"
    text = block.get("text")
    if kind == "section" and not (text or block.get("fields")):
        return "missing required field: text or fields"
    if kind in {"header", "markdown"} and not text:
        return "missing required field: text"
    content = text.get("text") if isinstance(text, dict) else text
    if kind in {"section", "header"} and text is not None and not _is_text(text):
        return "invalid text object"
    if isinstance(content, str) and len(content) > _TEXT_LIMITS.get(kind, 3000):
        return f"must be less than {_TEXT_LIMITS.get(kind, 3000) + 1} characters"
    if kind in _ELEMENT_LIMITS and not 1 <= len(block.get("elements") or ()) <= _ELEMENT_LIMITS[kind]:
        return f"must have 1 to {_ELEMENT_LIMITS[kind]} elements"
    return None


def _is_text(text: Any) -> bool:
    return (
        isinstance(text, dict)
        and text.get("type") in {"plain_text", "mrkdwn"}
        and isinstance(text.get("text"), str)
        and bool(text["text"])
    )
