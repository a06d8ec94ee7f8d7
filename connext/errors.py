"""The root of every error this package raises on purpose.

An error is named for the rule that was broken and carries the values that broke it; `text` turns them into one
sentence that says what is wrong and, where there is a cure, how to fix it.
"""

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(eq=False)
class ConnextError(Exception):
    """Subclasses are dataclasses: their fields are the values, `text` is a format string over them."""

    text: ClassVar[str]

    def __str__(self) -> str:
        return self.text.format(**{field.name: _readable(getattr(self, field.name)) for field in fields(self)})


def _readable(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value
