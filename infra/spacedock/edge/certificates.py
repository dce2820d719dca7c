"""The certificates of one edge: an authority that nobody else has, and what it says of the Space's host."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Self

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class Certificates:
    """Made anew for each edge; the authority's own key is kept nowhere."""

    authority: str  # PEM, for clients
    server: bytes  # PEM, key and chain
    pin: str  # base64 of the SHA-256 of the server's public key

    @classmethod
    def made_for(cls, *names: str) -> Self:
        """Make them for host names and addresses."""
        authority = trustme.CA(organization_name="hf-spacedock")
        leaf = authority.issue_cert(*dict.fromkeys(names))
        (certificate, *_) = leaf.cert_chain_pems
        return cls(
            authority.cert_pem.bytes().decode(),
            leaf.private_key_and_cert_chain_pem.bytes(),
            _pin(certificate.bytes()),
        )


def _pin(certificate: bytes) -> str:
    key = x509.load_pem_x509_certificate(certificate).public_key()
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(info).digest()).decode()
