"""The faults that someone asked for, and which calls they hit; knows no vendor's answers."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Fault(BaseModel):
    """What goes wrong, where, and how often; `operation` is "METHOD /path" below the system's mount, either part alone will do.

    A path matches itself, what lies below it, and `{anything}` in it matches one segment. `status` 0 says nothing: the connection
    is held for `latency_ms` and dropped. `lose_answer` lets the call do its work and drops the connection.
    """

    model_config = ConfigDict(extra="forbid")

    system: str
    operation: str | None = None
    status: Annotated[int, Field(ge=400, le=599)] | Literal[0] | None = None
    count: int = Field(1, ge=-1)
    latency_ms: float = Field(0, ge=0, le=600_000)
    lose_answer: bool = False
    body: Literal["vendor", "html"] = "vendor"
    retry_after: int | str | None = None

    @field_validator("operation")
    @classmethod
    def _operation_is_readable(cls, operation: str | None) -> str | None:
        if operation is not None and not re.fullmatch(r"([A-Z]+)( /\S*)?|/\S*", operation):
            raise ValueError('must be "METHOD /path", "METHOD" or "/path"')
        return operation

    @model_validator(mode="after")
    def _does_something(self) -> "Fault":
        if self.status is None and not self.lose_answer and not self.latency_ms:
            raise ValueError("a fault needs a status, latency_ms or lose_answer")
        return self

    @cached_property
    def _pattern(self) -> tuple[str, re.Pattern[str]]:
        operation = self.operation or ""
        method, path = operation.partition("/")[0].strip(), operation[operation.find("/") :] if "/" in operation else ""
        literal = re.sub(r"\\\{[^/]*?\\\}", "[^/]+", re.escape(path.rstrip("/")))
        return method, re.compile(f"{literal}(/.*)?")

    def hits(self, system: str, method: str, path: str) -> bool:
        """Say whether this call is one that goes wrong."""
        wanted, pattern = self._pattern
        return self.system == system and wanted in ("", method) and pattern.fullmatch(path) is not None


@dataclass
class Faults:
    """All faults in force, oldest first; the first that fits a call is spent on it."""

    standing: list[Fault] = field(default_factory=list)

    def take(self, system: str, method: str, path: str) -> Fault | None:
        """Return the fault that hits this call and count it down, or None."""
        for fault in self.standing:
            if fault.hits(system, method, path):
                if fault.count > 0:
                    fault.count -= 1
                self.standing = [f for f in self.standing if f.count != 0]
                return fault
        return None
