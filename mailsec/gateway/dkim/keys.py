"""Public keys as domains publish them (RFC 6376 section 3.6)."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

from mailsec.gateway.authentication import Result
from mailsec.gateway.dkim import tags
from mailsec.gateway.errors import BadSignature, TemporaryResolverError
from mailsec.gateway.ports import TextRecords

LEAST_BITS = 1024  # RFC 8301 section 3.2
_MOST_BYTES = 4096  # an RSA key of 16,384 bits, more than any library verifies
_LARGEST_EXPONENT = 2**32

PREHASHED = utils.Prehashed(hashes.SHA256())

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key and how far it may be used; ``strict`` forbids subdomains in ``i=``."""

    key: PublicKey
    hashes: tuple[str, ...] = ()
    strict: bool = False


def find(records: TextRecords, selector: str, domain: str) -> KeyRecord:
    """The key of a selector; ``BadSignature`` says why there is none that can be used."""
    try:
        texts = records.texts(f"{selector}._domainkey.{domain}")
    except TemporaryResolverError:
        raise BadSignature(Result.TEMPERROR, "no answer about the key") from None
    if not texts:
        raise BadSignature(Result.PERMERROR, "no key")
    return read(texts[0])


def read(record: bytes) -> KeyRecord:
    """One key record."""
    if len(record) > _MOST_BYTES:
        raise BadSignature(Result.PERMERROR, "key too long")
    found = tags.read(record)
    if found.get("v", "DKIM1") != "DKIM1":
        raise BadSignature(Result.PERMERROR, "key of unknown version")
    if found.get("p") == "":
        raise BadSignature(Result.PERMERROR, "key revoked")
    if "s" in found and not {"*", "email"} & set(tags.unfolded(found["s"]).split(":")):
        raise BadSignature(Result.PERMERROR, "key is not for mail")
    algorithms = tuple(tags.unfolded(found["h"]).split(":")) if "h" in found else ()
    flags = tags.unfolded(found.get("t", "")).split(":")
    key = _load(found.get("k", "rsa"), tags.octets(found, "p"))
    return KeyRecord(key, algorithms, strict="s" in flags)


def record_of(key: rsa.RSAPublicKey) -> bytes:
    """The key record to publish for a key; ``read`` gives the key back."""
    data = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(data)


def _load(kind: str, data: bytes) -> PublicKey:
    try:
        if kind == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(data)
        if kind != "rsa":
            raise BadSignature(Result.PERMERROR, "key of unknown type")
        key = serialization.load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadSignature(Result.PERMERROR, "key malformed") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSignature(Result.PERMERROR, "key of another type")
    if key.key_size < LEAST_BITS:
        raise BadSignature(Result.POLICY, "key too short")
    if key.public_numbers().e > _LARGEST_EXPONENT:
        raise BadSignature(Result.POLICY, "key with a large exponent")
    return key


def holds(record: KeyRecord, algorithm: str, signature: bytes, digest: bytes) -> bool:
    """Whether the signature is this key's for the SHA-256 ``digest``.

    ``BadSignature`` where the key does not belong to the algorithm.
    """
    kind, _, hash_name = algorithm.partition("-")
    if record.hashes and hash_name not in record.hashes:
        raise BadSignature(Result.PERMERROR, "key is not for this hash")
    try:
        if isinstance(record.key, rsa.RSAPublicKey) and kind == "rsa":
            scheme = padding.PKCS1v15()
            record.key.verify(signature, digest, scheme, PREHASHED)
            return True
        if isinstance(record.key, ed25519.Ed25519PublicKey) and kind == "ed25519":
            record.key.verify(signature, digest)  # RFC 8463 section 3
            return True
    except (InvalidSignature, ValueError):
        return False
    raise BadSignature(Result.PERMERROR, "key of another algorithm")
