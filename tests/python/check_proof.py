"""Checks a proof of possession (a JWT of the type dpop+jwt, RFC 9449) against the key that it names; prints its claims."""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


header, claims, signature = sys.argv[1].split(".")
kind = json.loads(decoded(header))
assert (kind["typ"], kind["alg"], kind["jwk"]["kty"], kind["jwk"]["crv"]) == ("dpop+jwt", "ES256", "EC", "P-256")
x, y = (int.from_bytes(decoded(kind["jwk"][part]), "big") for part in "xy")
key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
raw = decoded(signature)
assert len(raw) == 64
der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
digest = hashlib.sha256(f"{header}.{claims}".encode()).digest()
key.verify(der, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
print(decoded(claims).decode())
