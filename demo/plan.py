"""The demo's fixed facts: ports, tenants, secrets and the programs that make up the service."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from demo.place import CHECKOUT, write_private
from demo.processes import DemoError, Program, answers

FOLDER = CHECKOUT / "var" / "demo"
HOSTNAME = "mail.localhost"
SELECTOR = "demo"  # of the key that signs for this name
PORT_BASE = "MAILSEC_DEMO_PORT_BASE"
PORT_ADVICE = (
    f"Choose six free ports in a row with {PORT_BASE}, for example: make demo {PORT_BASE}=19000"
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo listens, all on 127.0.0.1."""

    inbound: int = 8025
    outbound: int = 8587
    web: int = 8080
    customer: int = 8026
    outside: int = 8027
    inbox: int = 8081

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Ports:
        """The usual ports, or six in a row from MAILSEC_DEMO_PORT_BASE."""
        value = environment.get(PORT_BASE, "")
        if not value:
            return cls()
        if not value.isascii() or not value.isdigit() or not 1024 <= int(value) <= 65530:
            raise DemoError(f"{PORT_BASE} must be a number from 1024 to 65530, not {value!r}.")
        first = int(value)
        return cls(*range(first, first + 6))

    def named(self) -> dict[str, int]:
        """Each port with the words that a message uses for it."""
        return {
            "SMTP inbound": self.inbound,
            "SMTP outbound": self.outbound,
            "web": self.web,
            "customers' mail server": self.customer,
            "mail server outside": self.outside,
            "inbox page": self.inbox,
        }


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """One of the two companies of the demo.

    An address is its local part, with the person's name behind a comma where it has one; a rule is
    a hold rule's name and options.
    """

    slug: str
    name: str
    menu: int
    language: str
    domain: str
    addresses: tuple[str, ...]
    policy: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    rules: tuple[tuple[str, ...], ...] = ()

    @property
    def admin(self) -> str:
        return f"admin@{self.domain}"


TENANTS = (
    DemoTenant(
        "acme",
        "アクメ商事",
        4,
        "ja",
        "acme.example.jp",
        ("admin", "sales,見本 太郎", "info", "gone", "later"),
        blocked=("blocked.example.org",),
        rules=(("見積書の確認", "--keyword", "見積", "--except-to", "partner.example.org"),),
    ),
    DemoTenant(
        "globex",
        "Globex Corporation",
        6,
        "en",
        "globex.example.com",
        ("admin", "orders", "support"),
        policy=("above_quarantine_score=tag",),
    ),
)
OPERATOR = "operator@ops.example.com"


class Secrets:
    """Random passwords and keys of this demo, made once and kept in a file of mode 0600."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._path = folder / "secrets.json"
        kept = self._path.read_text() if self._path.exists() else "{}"
        self._values: dict[str, str] = json.loads(kept)

    def get(self, name: str) -> str:
        """The secret of that name, made on first use."""
        if name not in self._values:
            self.keep(name, secrets.token_urlsafe(12))
        return self._values[name]

    def find(self, name: str) -> str | None:
        """The secret if it was kept before."""
        return self._values.get(name)

    def keep(self, name: str, value: str) -> None:
        """Keep a secret that was made elsewhere."""
        self._values[name] = value
        write_private(self._path, json.dumps(self._values, indent=1))


def service_environment(
    ports: Ports,
    keys: Secrets,
    servers: Mapping[str, str],
    certificate: tuple[Path, Path],
    signing_key: Path,
) -> dict[str, str]:
    """The environment of every process of the service."""
    if keys.find("master-key") is None:
        keys.keep("master-key", base64.b64encode(secrets.token_bytes(32)).decode())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILSEC_")}
    return kept | {
        **servers,
        "DJANGO_SETTINGS_MODULE": "mailsec.settings.dev",
        "PYTHONUNBUFFERED": "1",
        "MAILSEC_SECRET_KEY": keys.get("secret-key") + keys.get("secret-key-2") * 3,
        "MAILSEC_MASTER_KEYS": f"demo:{keys.get('master-key')}",
        "MAILSEC_BASE_DOMAIN": "localhost",
        "MAILSEC_MAIL_HOSTNAME": HOSTNAME,
        "MAILSEC_SIGNING_DOMAIN": HOSTNAME,
        "MAILSEC_SIGNING_SELECTOR": SELECTOR,
        "MAILSEC_SIGNING_KEY": str(signing_key),
        "MAILSEC_CONSOLE_URL": f"http://{{slug}}.localhost:{ports.web}",
        "MAILSEC_SMTPD_INBOUND": f"127.0.0.1:{ports.inbound}",
        "MAILSEC_SMTPD_OUTBOUND": f"127.0.0.1:{ports.outbound}",
        "MAILSEC_SMTPD_TLS_CERTIFICATE": str(certificate[0]),
        "MAILSEC_SMTPD_TLS_KEY": str(certificate[1]),
        "MAILSEC_BEAT_SCHEDULE": str(FOLDER / "beat-schedule"),
        # The samples' senders live in no domain name system.
        "MAILSEC_SENDER_DNS": "off",
        # A retry after "one minute" comes after a second, so that a visitor sees it.
        "MAILSEC_RETRY_UNIT_SECONDS": "0.0167",
        "MAILSEC_SWEEP_SECONDS": "2",
    }


def certificate(folder: Path = FOLDER) -> tuple[Path, Path]:
    """A self-signed certificate for the listeners and its key, made anew when a year is over."""
    public, private = folder / "tls-certificate.pem", folder / "tls-key.pem"
    now = datetime.datetime.now(datetime.UTC)
    if public.exists() and private.exists():
        held = x509.load_pem_x509_certificate(public.read_bytes())
        if held.not_valid_after_utc > now + datetime.timedelta(days=7):
            return public, private
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(private, secret.decode())
    public.write_bytes(made.public_bytes(pem))
    return public, private


def signing_key(folder: Path = FOLDER) -> Path:
    """The service's own key, which signs its notices, made once in a file of mode 0600."""
    path = folder / "signing-key.pem"
    if not path.exists():
        key = rsa.generate_private_key(65537, 2048)
        form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_private(path, key.private_bytes(serialization.Encoding.PEM, *form).decode())
    return path


def sink(ports: Ports) -> Program:
    """The customers' mail server, the world outside, and the inbox page."""
    arguments = ["-m", "demo.sink", "--folder", str(FOLDER / "inbox")]
    for name in ("customer", "outside"):
        arguments += [f"--{name}", str(getattr(ports, name))]
    arguments += ["--web", str(ports.inbox)]
    return Program("sink", (sys.executable, *arguments), answers(ports.inbox))


def service(ports: Ports) -> list[Program]:
    """Every process of the service itself."""
    web = (
        *(sys.executable, "-m", "gunicorn", "mailsec.wsgi", "--bind", f"127.0.0.1:{ports.web}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "4"),
        *("--no-control-socket",),
    )
    return [
        Program("smtpd", (sys.executable, "manage.py", "smtpd"), answers(ports.inbound)),
        Program("web", web, answers(ports.web)),
        _worker("examine", "examine,sweep"),
        _worker("deliver", "deliver"),
        Program(
            "beat",
            (sys.executable, "-m", "celery", "-A", "mailsec.celery", "beat", "--pidfile="),
            lambda: True,
        ),
    ]


def _worker(name: str, queues: str) -> Program:
    log = FOLDER / "log" / f"worker-{name}.log"
    arguments = (
        *(sys.executable, "-m", "celery", "-A", "mailsec.celery", "worker", "-Q", queues),
        *("--concurrency", "2", "--hostname", f"{name}@demo", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )
    return Program(
        f"worker-{name}",
        arguments,
        lambda: log.exists() and " ready." in log.read_text(errors="replace"),
    )
