"""The CSS that an import understands: inline declarations and simple style sheets; knows no document.

Selectors are made of tags, classes and ids, below one another; what else a sheet holds is passed over.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PIL import ImageColor

Css = dict[str, str]

SIDES = ("top", "right", "bottom", "left")
_UNITS = {"pt": 1.0, "px": 0.75, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pc": 12.0}
_LENGTH = re.compile(r"(-?\d*\.?\d+)(pt|px|in|cm|mm|pc|em|rem|%)?")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"(\*|[a-z][\w-]*)?((?:[.#][\w-]+)*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Element:
    """What selectors may ask about an element."""

    tag: str
    names: frozenset[str] = frozenset()  # its classes as `.name`, its id as `#name`


@dataclass(slots=True)
class Sheet:
    """The rules read so far, in their order."""

    rules: list[tuple[tuple[int, int], list[Element], Css]] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Take a style sheet's rules in."""
        for selectors, body in _RULE.findall(_AT_RULE.sub("", _COMMENT.sub("", text))):
            css = declarations(body)
            for selector in selectors.split(","):
                parts = [_SIMPLE.fullmatch(part) for part in selector.split()]
                if parts and all(parts):
                    path = [_element(*part.groups()) for part in parts if part]
                    self.rules.append((_rank(path), path, css))

    def styles(self, path: Sequence[Element]) -> Css:
        """Return what the rules say about the last element of a path from the outermost one."""
        fitting = sorted(((rank, css) for rank, wanted, css in self.rules if _fits(wanted, path)), key=lambda rule: rule[0])
        return {name: value for _, css in fitting for name, value in css.items()}


def declarations(text: str) -> Css:
    """Return the declarations of a style attribute, shorthands spread out."""
    css: Css = {}
    for declaration in _COMMENT.sub("", text).split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            css |= _spread(name.strip().lower(), value.replace("!important", "").strip())
    return css


def length(text: str | None, em: float = 11.0, whole: float | None = None) -> float | None:
    """Return a length in points; a percentage is one of `whole`. None for what is no length."""
    match = _LENGTH.fullmatch((text or "").strip().lower())
    if not match:
        return None
    number, unit = float(match[1]), match[2]
    if unit == "%":
        return number * whole / 100 if whole is not None else None
    return number * (em if unit in {"em", "rem"} else _UNITS.get(unit or "px", 0.75))


def rgb(text: str | None) -> tuple[int, int, int] | None:
    """Return a color's parts; None for what is no color, or one that cannot be seen."""
    try:
        parts = ImageColor.getrgb((text or "").strip())
    except ValueError:
        return None
    return parts[:3] if len(parts) == 3 or parts[3] else None


def border(text: str | None) -> tuple[float, str, tuple[int, int, int]] | None:
    """Return a border's width in points, its style and its color; None for what is no border."""
    width, style, shade = 1.5, "", (0, 0, 0)  # a border of medium width, as browsers draw it
    for word in re.sub(r"\s*,\s*", ",", text or "").split():
        size = {"thin": 0.75, "medium": 1.5, "thick": 3.75}.get(word, length(word))
        if size is not None:
            width, style = size, style or ("solid" if size == 0 else "")
        elif word in {"none", "hidden", "solid", "dotted", "dashed", "double", "groove", "ridge", "inset", "outset"}:
            style = word
        else:
            shade = rgb(word) or shade
    if not style:
        return None
    return (0.0 if style in {"none", "hidden"} else width), style, shade


def _spread(name: str, value: str) -> Css:
    if name in {"margin", "padding"}:
        words = value.split()
        four = {1: words * 4, 2: words * 2, 3: [*words, *words[1:2]], 4: words}.get(len(words), [])
        return {f"{name}-{side}": word for side, word in zip(SIDES, four, strict=False)}
    if name == "border":
        return {f"border-{side}": value for side in SIDES}
    if name == "background" and rgb(value):
        return {"background-color": value}
    return {name: value}


def _element(tag: str | None, names: str) -> Element:
    return Element((tag or "*").lower(), frozenset(re.findall(r"[.#][\w-]+", names)))


def _rank(path: Sequence[Element]) -> tuple[int, int]:
    """Return how much a selector outranks others: by ids and classes first, then by tags."""
    names = sum(100 if name.startswith("#") else 1 for element in path for name in element.names)
    return names, sum(element.tag != "*" for element in path)


def _fits(wanted: Sequence[Element], path: Sequence[Element]) -> bool:
    if not path or not _is(wanted[-1], path[-1]):
        return False
    rest = list(wanted[:-1])
    for element in reversed(path[:-1]):
        if rest and _is(rest[-1], element):
            rest.pop()
    return not rest


def _is(wanted: Element, element: Element) -> bool:
    return wanted.tag in {"*", element.tag} and wanted.names <= element.names


def inherited(css: Mapping[str, str], names: frozenset[str]) -> Css:
    """Return the part of an element's styles that those below it take over."""
    return {name: value for name, value in css.items() if name in names}
