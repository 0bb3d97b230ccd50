"""The body of `POST /v1/search`, and the search that it asks for."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from serving.search_api.refusals import Refused
from uniecs.inference.items import Item
from uniecs.inference.limits import RequestLimits
from uniecs.search.request import MAX_TOP_K, Mode, SearchRequest

_LIMIT_STATUS = {"text_too_long": 422, "too_many_bytes": 413}


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # JSON allows half of a surrogate pair, UTF-8 does not
        raise ValueError("holds a lone surrogate, which is no valid text") from None
    return text


Text = Annotated[str, AfterValidator(_encodable)]


class Picture(BaseModel):
    """A JPEG, PNG or WEBP picture."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    b64: str = Field(description="Standard base64 of the file; line breaks are allowed.")


class SearchBody(BaseModel):
    """A search by text, picture or both; an absent field may also be null."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: Text | None = Field(default=None, description="Words, at most 2,000 characters.")
    image: Picture | None = None
    where: Text | None = Field(default=None, description='Such as price < 50 and brand == "X".')
    top_k: int = Field(default=10, ge=1, le=MAX_TOP_K, description="Number of hits.")
    mode: Mode = Field(default="hybrid", description="dense is the encoder alone.")


def to_request(body: SearchBody, limits: RequestLimits) -> SearchRequest:
    """The search that a body asks for; a picture is unpacked, not yet decoded.

    Raises:
        Refused: For a text or picture over its limit, which is named, or what is not base64.
        QueryError: For neither text nor picture.
    """
    text = body.text or ""
    image = _unpack(body.image.b64, limits) if body.image else None
    refusal = limits.refusal(Item("query", text, image))
    if refusal is not None and refusal.code in _LIMIT_STATUS:
        raise Refused(_LIMIT_STATUS[refusal.code], refusal.code, refusal.message)
    return SearchRequest(
        text=text, image=image, where=body.where or "", top_k=body.top_k, mode=body.mode
    )


def _unpack(packed: str, limits: RequestLimits) -> bytes | None:
    packed = "".join(packed.split())
    size = len(packed) * 3 // 4
    if size > limits.max_image_bytes + 2:  # padding counts for up to two bytes
        refusal = limits.image_refusal(size)
        raise Refused(413, refusal.code, refusal.message)
    try:
        return base64.b64decode(packed, validate=True) or None
    except (binascii.Error, ValueError) as error:
        raise Refused(422, "base64", f"The picture is not base64: {error}.") from None
