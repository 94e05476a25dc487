"""How a client finds the brokers, and who it says that it is.

From an address, or a file that is checked.
"""

from pathlib import Path

# What a file may set, and nothing that runs programs or reads other files (librdkafka, CONFIGURATION.md).
PROPERTIES = {"bootstrap.servers", "security.protocol", "sasl.mechanism", "sasl.username", "sasl.password"}

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


class ClientError(Exception):
    """The client cannot be configured, or the brokers do not know the topic.

    The text says what to do.
    """


def client_configuration(bootstrap: str | None, file: Path | None) -> dict[str, str]:
    """Make librdkafka's configuration of an address or a file.

    The file has `name=value` lines, as Confluent Cloud gives one.

    Raises:
        ClientError: a line is none, or sets something else than where the brokers are and who asks; or what is read
            would pass a network in the clear.
    """
    read = _properties(file) if file else {"bootstrap.servers": bootstrap or "127.0.0.1:9092"}
    servers = read.get("bootstrap.servers", "").split(",")
    if not all(servers):
        raise ClientError(f"{file} does not set bootstrap.servers.")
    protocol = read.get("security.protocol", "PLAINTEXT").upper()
    hosts = {server.strip().rpartition(":")[0] for server in servers}
    if protocol == "SASL_PLAINTEXT" or (protocol == "PLAINTEXT" and not hosts <= _LOOPBACK):
        raise ClientError(
            f"{protocol} is for 127.0.0.1 alone. Set security.protocol=SSL or SASL_SSL in a file for --client."
        )
    return read


def _properties(file: Path) -> dict[str, str]:
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeError) as error:
        raise ClientError(f"{file} cannot be read: {error}.") from error
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    read = {name.strip(): value.strip() for name, _, value in pairs}
    if unknown := sorted(read.keys() - PROPERTIES):
        raise ClientError(f"{file} sets {', '.join(unknown)}. It may set {', '.join(sorted(PROPERTIES))}.")
    return read
