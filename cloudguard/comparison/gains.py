"""The access that one snapshot allows and another does not."""

from __future__ import annotations

from typing import Generic, TypeVar

from cloudguard.results.comparison import AccessChange
from cloudguard.values import dataclass

Change_co = TypeVar("Change_co", bound=AccessChange, covariant=True)


@dataclass(frozen=True, slots=True)
class Gains(Generic[Change_co]):
    """The access that was certainly gained, and descriptions of access that may have been gained."""

    certain: tuple[Change_co, ...]
    perhaps: tuple[str, ...]
