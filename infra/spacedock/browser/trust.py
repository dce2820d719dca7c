"""How Chromium comes to trust a certificate of this machine, and no other."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def trusting(*certificates: bytes) -> str:
    """Return the switch that makes Chromium take these certificates (DER) as they are.

    They are known by their keys; all others are checked, so that a connection that ends elsewhere is refused.
    Chromium checks nothing else of a certificate whose key it is told, which is why `presented` does.
    """
    return f"--ignore-certificate-errors-spki-list={','.join(map(_key, certificates))}"


def presented(address: tuple[str, int], host: str, authority: str) -> bytes:
    """Return the certificate (DER) that is presented for `host`.

    Raises ssl.SSLCertVerificationError unless it is for that name and of `authority` (PEM).
    """
    context = ssl.create_default_context(cadata=authority)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""  # a server always shows one


def _key(certificate: bytes) -> str:
    key = x509.load_der_x509_certificate(certificate).public_key()
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(info).digest()).decode()
