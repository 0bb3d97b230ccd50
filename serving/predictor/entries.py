"""One entry of a request before it is encoded: an item, or why it is none."""

import base64
import binascii
from dataclasses import dataclass

from serving.predictor.refusals import RequestRefused, RequestTooLarge
from uniecs.inference.items import Item, ItemError
from uniecs.inference.limits import RequestLimits

EntryId = str | int


@dataclass(frozen=True, slots=True)
class Entry:
    """What a client sent in one place of a request.

    Attributes:
        id: The client's id, or the position in the request as text.
        item: What to encode; None when ``error`` says why not.
    """

    id: EntryId
    item: Item | None = None
    error: ItemError | None = None


class EntryProblem(Exception):
    """One entry cannot be used; the others can."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.error = ItemError(code, message)


def check_count(count: int, limits: RequestLimits) -> None:
    """Refuse a request without items, or with more than the limit.

    Raises:
        RequestRefused: No items.
        RequestTooLarge: More than ``max_items``.
    """
    if count < 1:
        raise RequestRefused("The request has no items; send at least one.")
    if count > limits.max_items:
        raise RequestTooLarge(
            f"The request has {count} items, the limit is max_items = {limits.max_items}; split it."
        )


def make_entry(name: EntryId, text: str, image: bytes | None, limits: RequestLimits) -> Entry:
    """An entry within the limits, or one that names the limit that it broke."""
    item = Item(id=str(name), text=text, image=image or None)
    error = limits.refusal(item)
    return Entry(name, error=error) if error else Entry(name, item=item)


def decode_text(value: object) -> str:
    """Text of an entry: a string or UTF-8 bytes; absent is empty.

    Raises:
        EntryProblem: With code ``text``.
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise EntryProblem("text", f"The text is not UTF-8: {error.reason}.") from None
    if not isinstance(value, str):
        raise EntryProblem("text", f"The text must be a string, not {type(value).__name__}.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # JSON allows half of a surrogate pair, UTF-8 does not
        raise EntryProblem("text", "The text holds a lone surrogate; send valid text.") from None
    return value


def decode_base64(value: object, limits: RequestLimits) -> bytes:
    """Bytes of a picture in standard base64; line breaks are allowed, empty means absent.

    Raises:
        EntryProblem: With code ``base64`` or ``too_many_bytes``.
    """
    if not isinstance(value, str):
        raise EntryProblem(
            "base64", f"The picture must be a base64 string, not {type(value).__name__}."
        )
    packed = "".join(value.split())
    size = len(packed) * 3 // 4
    if size > limits.max_image_bytes + 2:  # padding counts for up to two bytes
        refusal = limits.image_refusal(size)
        raise EntryProblem(refusal.code, refusal.message)
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EntryProblem("base64", f"The picture is not base64: {error}.") from None
