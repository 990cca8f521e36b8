"""Settings from `<data>/emla.toml` and the environment, checked all at once; and where the data folder is.

Here: the loader, and docs/reference/settings.md made from the table (`emla.settings_table`).

Rules of this file:
- Whatever is wrong is listed in one error: an operator mends the file once, not once for each mistake.
- Nothing is ignored: an unknown table, name or ``EMLA_...`` variable is an error with the nearest known name.
- The environment beats the file. ``EMLA_PEER__LISTEN_PORT`` is ``listen_port`` in the table ``[peer]``.
"""

import dataclasses
import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from emla.model.errors import ConfigurationError
from emla.model.settings import (
    BackupSettings,
    CaseSettings,
    EventSettings,
    HubSettings,
    KeySettings,
    LimitSettings,
    MessageSettings,
    OpenerSettings,
    OperationsSettings,
    PeerSettings,
    RelaySettings,
    ScannerSettings,
    ServeSettings,
    Settings,
    StoreSettings,
    WebhookSettings,
)
from emla.settings_table import DEFAULTS, PREFIX, SETTINGS, Setting, Value

FILE_NAME = "emla.toml"
DATA_VARIABLE = "EMLA_DATA"
TOKEN_VARIABLE = "EMLA_TOKEN"  # noqa: S105 (the name of a variable)
TOKEN_FILE_VARIABLE = "EMLA_TOKEN_FILE"  # noqa: S105 (the name of a variable)
_NO_SETTINGS = (DATA_VARIABLE, TOKEN_VARIABLE, TOKEN_FILE_VARIABLE)
_FILE_BYTES_MAX = 1 << 20

Table = TypeVar(
    "Table",
    PeerSettings,
    OperationsSettings,
    StoreSettings,
    OpenerSettings,
    MessageSettings,
    RelaySettings,
    KeySettings,
    ServeSettings,
    HubSettings,
    LimitSettings,
    BackupSettings,
    CaseSettings,
    ScannerSettings,
    EventSettings,
    WebhookSettings,
)


_BY_PATH = {each.path: each for each in SETTINGS}
_BY_VARIABLE = {each.variable: each for each in SETTINGS}


def data_folder(chosen: Path | None, environment: Mapping[str, str]) -> Path:
    """The data folder: what was chosen on the command line, else ``EMLA_DATA``, else the XDG data folder."""
    if chosen is None:
        if environment.get(DATA_VARIABLE):
            chosen = Path(environment[DATA_VARIABLE])
        else:
            base = environment.get("XDG_DATA_HOME", "")
            # The XDG specification says that a relative path there is to be ignored.
            above = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"
            chosen = above / "emla"
    return chosen.expanduser().absolute()


def load(data: Path, environment: Mapping[str, str]) -> Settings:
    """Read and check the settings of one data folder. A missing file means: all defaults.

    Raises:
        ConfigurationError: ``bad-setting`` with everything that is wrong; ``unreadable-file``.
    """
    problems: list[str] = []
    values: dict[str, Value] = {}
    _take_file(data / FILE_NAME, values, problems)
    _take_environment(environment, values, problems)
    if problems:
        raise ConfigurationError("bad-setting", "\n".join(problems))
    return Settings(
        data=data,
        peer=_changed(PeerSettings(), "peer", values),
        operations=_changed(OperationsSettings(), "operations", values),
        store=_changed(StoreSettings(), "store", values),
        opener=_changed(OpenerSettings(), "opener", values),
        message=_changed(MessageSettings(), "message", values),
        relay=_changed(RelaySettings(), "relay", values),
        keys=_changed(KeySettings(), "keys", values),
        serve=_changed(ServeSettings(), "serve", values),
        hub=_changed(HubSettings(), "hub", values),
        limits=_changed(LimitSettings(), "limits", values),
        backup=_changed(BackupSettings(), "backup", values),
        cases=_changed(CaseSettings(), "cases", values),
        scanner=_changed(ScannerSettings(), "scanner", values),
        events=_changed(EventSettings(), "events", values),
        webhooks=_changed(WebhookSettings(), "webhooks", values),
    )


def _changed(defaults: Table, section: str, values: Mapping[str, Value]) -> Table:
    own = {
        each.name: values[each.path] for each in SETTINGS if each.section == section and each.path in values
    }
    # `_take` has compared each value's type with that of the default it replaces.
    return dataclasses.replace(defaults, **own)  # type: ignore[arg-type] # see the line above


def _take_file(path: Path, values: dict[str, Value], problems: list[str]) -> None:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    try:
        if len(data) > _FILE_BYTES_MAX:
            raise ValueError("larger than 1 MiB")
        tables = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are among them
        problems.append(f"{path} is not TOML: {error}.")
        return
    for section, table in tables.items():
        if not isinstance(table, dict):
            problems.append(f"{path}: {section} stands outside every table.{_near(section, _BY_PATH)}")
        elif section not in DEFAULTS:
            problems.append(f"{path}: there is no table [{section}].{_near(section, DEFAULTS)}")
        else:
            for name, value in table.items():
                _take(f"{section}.{name}", value, f"{path}: ", values, problems)


def _take(path: str, value: object, where: str, values: dict[str, Value], problems: list[str]) -> None:
    setting = _BY_PATH.get(path)
    if setting is None:
        problems.append(f"{where}there is no setting {path}.{_near(path, _BY_PATH)}")
    elif isinstance(value, str | int | bool) and type(value) is type(setting.default):
        wrong = _out_of_bounds(setting, value)
        if wrong:
            problems.append(f"{where}{path} {wrong}.")
        else:
            values[path] = value
    else:
        problems.append(f"{where}{path} must be {_kind(setting)}.")


def _take_environment(environment: Mapping[str, str], values: dict[str, Value], problems: list[str]) -> None:
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable in _NO_SETTINGS:
            continue
        setting = _BY_VARIABLE.get(variable)
        if setting is None:
            problems.append(f"There is no setting for {variable}.{_near(variable, _BY_VARIABLE)}")
            continue
        _take(setting.path, _read_text(text, setting), f"{variable}: ", values, problems)


def _read_text(text: str, setting: Setting) -> object:
    """A variable's text as the type of its setting; None where it is none."""
    if isinstance(setting.default, bool):
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
            text.lower()
        )
    if isinstance(setting.default, int):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    return text


def _out_of_bounds(setting: Setting, value: Value) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        if not setting.least <= value <= setting.most:
            return f"is {value}, but must be {_kind(setting)}"
    elif setting.choices and value not in setting.choices:
        return f"is '{value}', but must be {_kind(setting)}"
    elif not value.strip() and setting.default:
        return "is empty"
    return None


def _kind(setting: Setting) -> str:
    if isinstance(setting.default, bool):
        return "true or false"
    if isinstance(setting.default, int):
        if setting.most < 2**63 - 1:
            return f"a whole number from {setting.least} to {setting.most}"
        return f"a whole number, at least {setting.least}"
    if not setting.default:
        return "a text, or empty for none"
    return f"one of {', '.join(setting.choices)}" if setting.choices else "a text"


def _near(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def reference_page() -> str:
    """docs/reference/settings.md, made from the table."""
    lines = [
        "# Settings",
        "",
        "Settings stand in `emla.toml` in the data folder, or in environment variables, which beat the file.",
        "The data folder is `--data`, else `EMLA_DATA`, else `~/.local/share/emla`. Each has a default:",
        "an absent file is a valid file. What is unknown or out of bounds is refused, all of it at once",
        "([bad-setting](errors/bad-setting.md)); `emla doctor` checks it without starting anything.",
        "",
        "```toml",
        "[peer]",
        'listen_host = "0.0.0.0"',
        "listen_port = 8443",
        "```",
    ]
    for section in DEFAULTS:
        lines += ["", f"## [{section}]", "", "| Setting | Default | Allowed | Meaning |", "|---|---|---|---|"]
        for each in SETTINGS:
            if each.section == section:
                lines.append(
                    f"| `{each.name}`<br>`{each.variable}` | {_shown(each.default)} | {_kind(each)} | {each.meaning} |"
                )
    return "\n".join(lines) + "\n"


def _shown(default: Value) -> str:
    if default == "":
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
