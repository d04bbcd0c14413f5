"""A tenant's policy and addresses, from the shell."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import CommandError

from policies import selectors, services
from policies.csv_text import decoded
from policies.fields import DEFAULTS
from policies.settings_keys import KEYS, Choice, Number, boolean
from workers.shell.tenants import Answer, Options, named


def get_policy(options: Options) -> Answer:
    """Every setting, or those named."""
    values = dict(selectors.policy_values(named(options)))
    wanted = options["keys"] or sorted(values)
    unknown = [key for key in wanted if key not in values]
    if unknown:
        raise CommandError(f"There is no setting {unknown[0]!r}.")
    data = {key: values[key] for key in wanted}
    return "\n".join(f"{key}={value}" for key, value in data.items()), data


def settings_help() -> str:
    """Every setting with the product's default and what it takes, a line each."""
    lines = [f"  {key}={_as_text(getattr(DEFAULTS, key))}  ({_takes(key)})" for key in sorted(KEYS)]
    return "\n".join(["settings, with the product's defaults and what they take:", *lines])


def _takes(key: str) -> str:
    reader = KEYS[key].read
    if isinstance(reader, Number):
        return f"{reader.least} to {reader.most}"
    if isinstance(reader, Choice):
        return ", ".join(reader.words)
    if reader is boolean:
        return "true or false"
    return "separated by commas" if isinstance(getattr(DEFAULTS, key), tuple) else "one line"


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value).strip()


def set_policy(options: Options) -> Answer:
    """Change settings, all or none."""
    pairs = [text.partition("=") for text in options["changes"]]
    if not all(separator for _, separator, _ in pairs):
        raise CommandError("Settings are given as KEY=VALUE.")
    tenant = named(options)
    version = services.set_values(tenant, {key.strip(): value for key, _, value in pairs})
    return f"The policy of {tenant.slug} is at version {version}.", {"version": version}


def import_addresses(options: Options) -> Answer:
    """Register the addresses of a CSV file in UTF-8 or CP932."""
    tenant = named(options)
    count = services.import_addresses(tenant, _lines(Path(options["file"])))
    return f"{count} addresses are new.", {"added": count}


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    text = decoded(data)
    if text is None:
        raise CommandError(f"{path} is neither UTF-8 nor CP932.")
    return text.splitlines()
