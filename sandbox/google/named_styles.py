"""The named styles that a new document has, as Docs shows them and as a PDF is drawn from them; knows no document."""

from typing import Any

Json = dict[str, Any]

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595.28, 841.89, 72.0
_LINE_SPACING = 115
_NAMED: dict[str, tuple[float, float, float, int]] = {  # size, space above, space below, grey of the letters in 255ths
    "NORMAL_TEXT": (11, 0, 0, 0),
    "TITLE": (26, 0, 3, 0),
    "SUBTITLE": (15, 0, 16, 102),
    "HEADING_1": (20, 20, 6, 0),
    "HEADING_2": (16, 18, 6, 0),
    "HEADING_3": (14, 16, 4, 67),
    "HEADING_4": (12, 14, 4, 102),
    "HEADING_5": (11, 12, 4, 102),
    "HEADING_6": (11, 12, 4, 102),
}


def points(magnitude: float) -> Json:
    """Return a length as Google's JSON has it; a zero is left out there."""
    return {"magnitude": round(magnitude, 3), "unit": "PT"} if magnitude else {"unit": "PT"}


def color(red: int, green: int, blue: int) -> Json:
    """Return a color as Google's JSON has it, of parts from 0 to 255; zeros are left out there."""
    parts = {"red": red, "green": green, "blue": blue}
    return {"color": {"rgbColor": {name: round(part / 255, 8) for name, part in parts.items() if part}}}


def _text(size: float, grey: int) -> Json:
    family = {"fontFamily": "Arial", "weight": 400}
    return {"fontSize": points(size), "weightedFontFamily": family, "foregroundColor": color(grey, grey, grey)}


def _paragraph(name: str, above: float, below: float) -> Json:
    spaces = {"spaceAbove": points(above), "spaceBelow": points(below)}
    own = {"namedStyleType": name, "direction": "LEFT_TO_RIGHT", "alignment": "START", "lineSpacing": _LINE_SPACING}
    return own | spaces | ({"keepWithNext": True} if name != "NORMAL_TEXT" else {})


TEXT = {name: _text(size, grey) for name, (size, _, _, grey) in _NAMED.items()}
PARAGRAPH = {name: _paragraph(name, above, below) for name, (_, above, below, _) in _NAMED.items()}
NAMED_STYLES: Json = {
    "styles": [{"namedStyleType": name, "textStyle": TEXT[name], "paragraphStyle": PARAGRAPH[name]} for name in _NAMED]
}
DOCUMENT_STYLE: Json = {
    "pageSize": {"height": points(PAGE_HEIGHT), "width": points(PAGE_WIDTH)},
    **{f"margin{side}": points(MARGIN) for side in ("Top", "Bottom", "Left", "Right")},
    "pageNumberStart": 1,
}
