"""Rich text of a vendor's editor as plain text, and back. Knows nothing of records; whatever people pasted, it never fails."""

from __future__ import annotations

import html
from html.parser import HTMLParser

_HEADINGS = {f"h{level}" for level in range(1, 7)}
_BLOCKS = _HEADINGS | {"blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
_UNSEEN = frozenset({"script", "style"})
_ITEM = "- "


def plain(markup: str) -> str:
    """Return what a reader sees: a line per paragraph, a dash per list item, a link's address behind its words."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = [" ".join(line.split()) for line in reader.lines]
    return "\n".join(lines).strip()


def marked_up(text: str) -> str:
    """Return plain text as HTML."""
    return html.escape(text).replace("\n", "<br>")


class _Reader(HTMLParser):
    """Collects lines as a browser would break them: `br` always begins one, a block only where something stands already."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self._unseen = 0
        self._address: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self.lines.append("")
        elif tag in _BLOCKS:
            self._break()
            if tag == "li":
                self.lines[-1] = _ITEM
        elif tag in ("td", "th"):
            self.lines[-1] += " "
        elif tag == "a":
            self._address = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self._break()
        elif tag == "a" and self._address:
            if self._address.startswith(("http://", "https://")) and self._address not in self.lines[-1]:
                self.lines[-1] += f" ({self._address})"
            self._address = None

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.lines[-1] += data

    def _break(self) -> None:
        if self.lines[-1].strip() not in ("", _ITEM.strip()):
            self.lines.append("")
