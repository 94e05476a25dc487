"""Public keys in a setting: what they may be, and that a private one is never repeated."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.errors import SettingsError
from stacks.config.parser import parse_config
from stacks.config.public_keys import parse_public_keys
from support.command.signing_keys import private_key, private_pem, public_pem

PEM = public_pem(private_key())


def test_a_key_reads_back_however_its_lines_are_broken() -> None:
    body = "".join(PEM.splitlines()[1:-1])
    written = [
        PEM,
        PEM.replace("\n", "\r\n"),
        f"\n  {PEM}\n",
        f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----",
    ]

    keys = [parse_public_keys("public_keys", [each])[0] for each in written]

    assert {each.pem for each in keys} == {PEM}
    assert len({each.fingerprint for each in keys}) == 1


def test_keys_are_told_apart_by_their_fingerprints() -> None:
    keys = parse_public_keys("public_keys", [PEM, public_pem(private_key("next"))])

    assert len({each.fingerprint for each in keys}) == 2


def of_elliptic_curve() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (PEM, "a list of at most 5 public keys"),
        ([PEM] * 6, "a list of at most 5 public keys"),
        ([PEM, PEM], "each key once"),
        (["ssh-rsa AAAA"], "a public key of RSA with 2,048 bits in PEM"),
        ([7], "a public key of RSA with 2,048 bits in PEM"),
        ([PEM.replace("A", "-")], "a public key of RSA with 2,048 bits in PEM"),
        ([PEM.replace(PEM.splitlines()[1], "")], "a public key of RSA with 2,048 bits in PEM"),
        ([public_pem(private_key(bits=3072))], "a public key of RSA with 2,048 bits in PEM"),
        ([of_elliptic_curve()], "a public key of RSA with 2,048 bits in PEM"),
    ],
)
def test_what_is_no_list_of_such_keys_is_told(value: object, said: str) -> None:
    with pytest.raises(SettingsError, match=r"delivery\.public_keys") as refused:
        parse_config({"delivery": {"public_keys": value}})

    assert said in str(refused.value)


def test_a_private_key_is_refused_and_not_repeated() -> None:
    secret = private_pem(private_key()).decode()

    with pytest.raises(SettingsError) as refused:
        parse_config({"delivery": {"public_keys": [secret]}})

    assert "a private key stays where URLs are signed" in str(refused.value)
    assert not any(line in str(refused.value) for line in secret.splitlines()[1:-1])


def test_on_this_machine_keys_are_refused_as_nothing_there_looks_at_signatures() -> None:
    signed = {"delivery": {"public_keys": [PEM]}}
    (key,) = parse_public_keys("public_keys", [PEM])

    assert parse_config(signed).delivery
    with pytest.raises(SettingsError, match=rf"delivery\.public_keys: \['{key.fingerprint}'\] .*none on this machine"):
        parse_config({**signed, "bundle_for": "this-machine"})
