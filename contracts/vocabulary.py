"""Vocabularies: the words that we use for a thing, with vendors' and people's words for it, read from `vocabularies/*.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.files import FileError, agreed, at, load, read
from contracts.values import Reasoned

Text = Annotated[str, Field(min_length=1, max_length=100)]


class Others(StrEnum):
    """What becomes of a word that is in no vocabulary."""

    KEPT = "kept"
    REFUSED = "refused"


class Library(StrEnum):
    """Who else knows words of a vocabulary."""

    CURRENCIES = "currencies"
    COUNTRIES = "countries"


class Word(BaseModel):
    """What vendors and people call one of our words; of a vendor's words the first is the one that we write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    theirs: Mapping[str, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(default_factory=dict)
    synonyms: tuple[Text, ...] = ()


class Vocabulary(Reasoned):
    """One vocabulary."""

    about: Text
    others: Others
    library: Library | None = None
    words: Annotated[Mapping[Text, Word], Field(min_length=1)]

    def find(self, text: str) -> str | None:
        """Return our word for what somebody wrote; None where nobody knows it. What the library knows stands as it is."""
        return self.names.get(fold(text)) or (text if self.library and fold(text) in _known_to(self.library) else None)

    def to_theirs(self, word: str, vendor: str) -> str:
        """Return a vendor's word for ours. Raises ValueError where we have no such word and others are refused."""
        ours = self.find(word)
        if ours is None and self.others is Others.REFUSED:
            raise ValueError("is not a word of the vocabulary")
        known = self.words.get(ours or "")
        return known.theirs[vendor][0] if known and vendor in known.theirs else ours or word

    def to_ours(self, text: str, vendor: str) -> str:
        """Return our word for a vendor's. Raises ValueError where we have none and others are refused."""
        if (ours := self.of(vendor).get(text)) or (ours := self.find(text)):
            return ours
        if self.others is Others.REFUSED:
            raise ValueError("is not a word of the vocabulary")
        return text

    def of(self, vendor: str) -> Mapping[str, str]:
        """Return our words by a vendor's."""
        if vendor not in self._by_vendor:
            self._by_vendor[vendor] = {text: ours for ours, word in self.words.items() for text in word.theirs.get(vendor, ())}
        return self._by_vendor[vendor]

    def written(self, vendor: str) -> Mapping[str, str]:
        """Return the word that a vendor is written, by ours."""
        return {ours: word.theirs[vendor][0] for ours, word in self.words.items() if vendor in word.theirs}

    @cached_property
    def _by_vendor(self) -> dict[str, Mapping[str, str]]:
        return {}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Our words by everything that people call them, folded; without what the library knows."""
        return {name: ours for ours, word in self.words.items() for name in map(fold, (ours, *word.synonyms))}


@cache
def vocabularies() -> Mapping[str, Vocabulary]:
    """Return all vocabularies of this house by name, read once. Raises FileError."""
    return load_vocabularies(agreed() / "vocabularies")


def load_vocabularies(folder: Path) -> Mapping[str, Vocabulary]:
    """Read a folder's vocabularies and check that no word means two things.

    Raises:
        FileError: a file is wrong; the text names file, line and field.
    """
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        found[path.stem] = load(path, Vocabulary)
        for loc, why in _faults(found[path.stem]):
            raise FileError(at(path, read(path), loc, why))
    return found


def fold(text: str) -> str:
    """Return a text as it is compared: small letters, one blank for blanks, `_` and `-`."""
    return " ".join(text.replace("_", " ").replace("-", " ").casefold().split())


def _faults(vocabulary: Vocabulary) -> Iterator[tuple[tuple[str, ...], str]]:
    seen: dict[tuple[str, str], str] = {}
    for ours, word in vocabulary.words.items():
        theirs = [(vendor, text) for vendor, texts in word.theirs.items() for text in texts]
        names = {("", fold(name)) for name in (ours, *word.synonyms)}
        for key in (*theirs, *sorted(names)):
            if seen.setdefault(key, ours) != ours:
                yield ("words", ours), f"{key[1]!r} is a word for {seen[key]} already"


@cache
def _known_to(library: Library) -> frozenset[str]:
    if library is Library.CURRENCIES:
        from moneyed import CURRENCIES

        return frozenset(fold(code) for code in CURRENCIES)
    from babel import Locale  # a tenth of a second, and only where a country is looked at

    territories = Locale("en").territories
    return frozenset(fold(text) for code, name in territories.items() if code.isalpha() for text in (code, name))
