"""Listening for HTTP: a bound socket, its URL, and a uvicorn server that leaves signals alone."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from uniecs.errors import ServiceUnavailable


class QuietServer(uvicorn.Server):
    """Leaves signals to the process, which decides what else has to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(host: str, port: int, *, options: str) -> socket.socket:
    """A socket bound to an address.

    Args:
        host: Name or address.
        port: 0 finds a free one.
        options: What the command calls its ports, for the message.

    Raises:
        ServiceUnavailable: The port is taken or not allowed.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # with the protocol spelled out asyncio sets TCP_NODELAY on connections; without, 40 ms
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise port_taken(host, port, options=options) from error
    return listener


def port_taken(host: str, port: int, *, options: str) -> ServiceUnavailable:
    """The error for an address that cannot be bound."""
    return ServiceUnavailable(
        f"Cannot listen on {host}:{port}: the port is taken or not allowed. Choose another with "
        f"{options} (0 finds a free one)."
    )


def in_brackets(host: str) -> str:
    """A host as it stands before a port.

    Example:
        >>> in_brackets("::1")
        '[::1]'
    """
    return f"[{host}]" if ":" in host else host
