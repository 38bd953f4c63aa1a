"""A secured Kafka: SASL_SSL with SCRAM, its CA and keys made for the while, and the keys of [kafka] that fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.kafka.local import LocalKafka, Security, running_kafka

USER: Final = "throughline"
PASSWORD: Final = "correct horse"
MECHANISM: Final = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class SecuredKafka:
    """A broker that lets in only who trusts its CA and knows the password."""

    broker: LocalKafka
    ca: Path

    @property
    def keys(self) -> dict[str, str]:
        """What [kafka] needs beside the address."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": USER,
            "sasl.password": PASSWORD,
            "ssl.ca.location": str(self.ca),
        }


@contextmanager
def secured_kafka(folder: Path, jars: Path) -> Iterator[SecuredKafka]:
    """Run one in `folder`; the jars are shared from the folder `jars`."""
    folder.mkdir(parents=True)
    ca, keystore = _certificates(folder)
    login = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{USER}" password="{PASSWORD}";'
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca),
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": login,
    }
    with running_kafka(
        folder / "broker", jars, Security("SASL_SSL", properties, {USER: PASSWORD}), is_brief=True
    ) as broker:
        yield SecuredKafka(broker, ca)


def certificate_authority(folder: Path, name: str) -> tuple[Path, x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A new CA and its certificate as a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(name, key, name, key, x509.BasicConstraints(ca=True, path_length=0))
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path, certificate, key


def _certificates(folder: Path) -> tuple[Path, Path]:
    """The CA's certificate, and the broker's key with its certificates, as files."""
    path, ca, ca_key = certificate_authority(folder, "ca")
    key = ec.generate_private_key(ec.SECP256R1())
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = _signed("broker", key, "ca", ca_key, address)
    keystore = folder / "broker.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keystore.write_bytes(private + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (certificate, ca)))
    return path, keystore


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
