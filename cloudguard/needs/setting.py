"""A setting, with its flag, environment variable and key of ``cloudguard.toml``; and the settings' values in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, cast

from cloudguard.errors import SettingsError
from cloudguard.needs.setting_values import FaultsError, Kind, Path, table
from cloudguard.values import dataclass

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
ENVIRONMENT: Final = "CLOUDGUARD_"


@dataclass(frozen=True, slots=True, eq=False)
class Setting(Generic[T_co]):
    """A setting: a key of the file, and a flag unless ``flag`` is False.

    ``spec``: the name, and the placeholder of the value in help ("cni NAME"). ``default``: the default in words.
    ``short``: "-f" or "". ``declares``: the field of ``Declarations`` that the setting sets. ``implicit``: the setting
    may come from a file that the user did not name. ``from_flag`` converts the values of a repeated flag to the form
    in the file. ``variables``: a cloud's own environment variables that hold the default.
    """

    spec: str
    kind: Kind[T_co]
    help: str
    panel: str = ""
    default: str = ""
    short: str = ""
    flag: bool = True
    declares: str = ""
    implicit: bool = True
    variables: tuple[str, ...] = ()
    from_flag: Callable[[Sequence[str]], object] | None = None

    @property
    def name(self) -> str:
        """The name of the key and of the flag, without leading dashes."""
        return self.spec.partition(" ")[0]

    @property
    def metavar(self) -> str:
        """The placeholder of the value in help; "" for a switch."""
        return self.spec.partition(" ")[2]

    @property
    def repeated(self) -> bool:
        """Whether the flag may be given more than once."""
        return self.kind.many or self.from_flag is not None

    @property
    def flag_kind(self) -> Kind[T_co]:
        """The kind of the values of the flag and of the environment variable."""
        convert, read = self.from_flag, self.kind.read
        return Kind(lambda value: read(convert(cast("Sequence[str]", value)))) if convert else self.kind


class Settings:
    """The values of settings in one run, and the origin of each: the flag, variable or file. Settings may have none."""

    def __init__(
        self, values: Mapping[Setting[Any], object] | None = None, origins: Mapping[Setting[Any], str] | None = None
    ) -> None:
        self._values = dict(values or {})
        self.origins = dict(origins or {})

    def get(self, setting: Setting[T]) -> T | None:
        """Return the value of ``setting``; None if it has no value."""
        return cast("T | None", self._values.get(setting))

    def over(self, weaker: Settings) -> Settings:
        """Return these settings, with the values of ``weaker`` for settings that have no value here."""
        return Settings({**weaker._values, **self._values}, {**weaker.origins, **self.origins})

    def without(self, setting: Setting[Any]) -> Settings:
        """Return these settings without a value for ``setting``."""
        kept = {key: value for key, value in self._values.items() if key is not setting}
        return Settings(kept, self.origins)


def variable(name: str) -> str:
    """Return the environment variable of the setting ``name``: "CLOUDGUARD_FAIL_ON"."""
    return ENVIRONMENT + name.upper().replace("-", "_")


def read_settings(
    raw: Mapping[str, object], settings: Iterable[Setting[Any]], place: Callable[[Path], str], file: str = ""
) -> Settings:
    """Return the values in ``raw`` (name of a setting → raw value). ``place`` returns the place of a fault as text.

    ``file``: the path of the file that holds the values; "": the values are from flags or variables. Raises
    SettingsError with all faults.
    """
    by_name = {setting.name: setting for setting in settings}
    kinds = {name: setting.kind if file else setting.flag_kind for name, setting in by_name.items()}
    try:
        values = table(dict[str, object], {}, kinds).read(dict(raw))
    except FaultsError as error:
        raise SettingsError([f"{place(path)}: {fault}" for path, fault in error.faults]) from None
    origins = {by_name[name]: file or place((name,)) for name in values}
    return Settings({by_name[name]: value for name, value in values.items()}, origins)
