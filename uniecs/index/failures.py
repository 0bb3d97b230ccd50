"""What Milvus reports, as our own errors."""

from uniecs.errors import GenerationError, ServiceUnavailable, UniECSError

_NOT_FOUND = (100, 1600)
_UNAVAILABLE = 2


class CollectionGone(GenerationError):
    """A collection was dropped between looking it up and using it."""


def failure(code: int, text: str, action: str, uri: str, hint: str) -> UniECSError:
    """The error for a code and text of Milvus.

    Args:
        code: Milvus error code.
        text: Its message.
        action: What was tried, as in "refused to load a collection".
        uri: Address of the server.
        hint: What to do when it does not answer.
    """
    if code in _NOT_FOUND or "can't find collection" in text:
        return CollectionGone(f"Milvus has no such collection or alias: {text}.")
    if code == _UNAVAILABLE or "connect" in text.lower() or "UNAVAILABLE" in text:
        return unavailable(text, uri, hint)
    return GenerationError(f"Milvus refused to {action}: {text}.")


def unavailable(reason: str, uri: str, hint: str) -> ServiceUnavailable:
    """The error for a server that does not answer."""
    return ServiceUnavailable(f"The Milvus server {uri} does not answer ({reason[:200]}). {hint}")
