"""The demo's configuration: a source for each dialect, with secrets made for this run alone."""

import base64
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

_PORTS: Final = {"http": 8080, "smtp": 2525, "gateway": 8123}
_METRICS: Final = range(9464, 9469)  # serve, process, (resolve), sink, gateway


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the demo sends, and with which secrets."""

    http: str
    smtp: str
    write_key: str
    app_secret: str
    auth_token: str
    signing_key: ec.EllipticCurvePrivateKey


def configure(folder: Path) -> tuple[Path, Doors]:
    """Write the demo's throughline.toml into `folder`; returns its path and the doors that it opens."""
    ports = {name: _free(port) for name, port in _PORTS.items()}
    metrics = _METRICS.start if all(_is_free(port) for port in _METRICS) else 0
    doors = Doors(
        http=f"http://127.0.0.1:{ports['http']}",
        smtp=f"127.0.0.1:{ports['smtp']}",
        write_key=secrets.token_urlsafe(16),
        app_secret=secrets.token_hex(16),
        auth_token=secrets.token_hex(16),
        signing_key=ec.generate_private_key(ec.SECP256R1()),
    )
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = base64.b64encode(doors.signing_key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()
    file = folder / "throughline.toml"
    file.touch(mode=0o600)
    file.write_text(
        f"""# Written by `throughline demo`: every secret is of that run alone.
data_dir = "{folder}"

[http]
listen = "127.0.0.1:{ports["http"]}"

[smtp]
listen = "127.0.0.1:{ports["smtp"]}"

[gateway]
listen = "127.0.0.1:{ports["gateway"]}"

[metrics]
listen = "127.0.0.1:{metrics}"

[sources.web]
adapter = "segment"
write_key = "{doors.write_key}"

[sources.social]
adapter = "meta"
app_secret = "{doors.app_secret}"
verify_token = "{secrets.token_hex(16)}"

[sources.calls]
adapter = "twilio_voice"
auth_token = "{doors.auth_token}"

[sources.mailings]
adapter = "sendgrid"
verification_key = "{public}"

[sources.inbox]
adapter = "smtp"
recipients = ["help@shop.example"]
"""
    )
    return file, doors


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free(preferred: int) -> int:
    """The port that users know, or any other when it is taken."""
    if _is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
