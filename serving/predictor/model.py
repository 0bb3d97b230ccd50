"""The KServe model ``uniecs``: V1 and V2 requests in, vectors with per-item errors out."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from kserve import InferRequest, InferResponse, Model

from serving.config import MODEL_NAME, ServingConfig
from serving.predictor import metrics
from serving.predictor.entries import Entry
from serving.predictor.live import LiveModel, ServedModel
from serving.predictor.refusals import NothingEncoded, Overloaded, RequestRefused, TooLate
from serving.predictor.v1 import read_v1, write_v1
from serving.predictor.v2 import input_types, output_types, read_v2, write_v2
from serving.probe import check_probe, probe_items
from uniecs.errors import ServiceUnavailable, UniECSError
from uniecs.inference.batching import MicroBatcher
from uniecs.inference.items import Encoded


class UniecsModel(Model):  # type: ignore[misc]
    """Encodes texts, pictures and both, whichever model is live.

    Args:
        live: Which model answers; each request is answered by one model only.
        config: Limits, deadline and how old a readiness check may be.
    """

    def __init__(self, live: LiveModel, config: ServingConfig) -> None:
        super().__init__(MODEL_NAME)
        self.ready = True
        self._live = live
        self._config = config
        self._batcher = MicroBatcher(config.batches, on_batch=metrics.observe_batch)
        self._probe: asyncio.Task[bool] | None = None
        self._probe_end = float("-inf")
        self.probe_error: str | None = None
        metrics.WAITING_ITEMS.set_function(lambda: self._batcher.waiting_items)

    def get_input_types(self) -> list[dict[str, Any]]:
        """Input tensors, for V2 metadata."""
        return input_types()

    def get_output_types(self) -> list[dict[str, Any]]:
        """Output tensors, for V2 metadata."""
        return output_types(self._live.model.encoder.dim)

    async def predict(
        self,
        payload: Mapping[str, Any] | InferRequest | bytes,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - KServe passes it by position
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> dict[str, Any] | InferResponse:
        """Answer one request; KServe calls this.

        Raises:
            RequestRefused: Or one of its kinds, when the request as a whole gets no answer.
        """
        try:
            with self._live.lease() as model:
                if isinstance(payload, InferRequest):
                    return await self._predict_v2(payload, model)
                return await self._predict_v1(payload, model)
        except RequestRefused as refusal:
            metrics.REFUSALS.labels(refusal.code).inc()
            raise

    async def _predict_v1(self, payload: object, model: ServedModel) -> dict[str, Any]:
        entries = await asyncio.to_thread(read_v1, payload, self._config.limits)
        encoded = await self._encode(entries, model)
        predictions = write_v1(entries, encoded)
        _refuse_if_nothing(encoded, predictions)
        return {
            "predictions": predictions,
            "model_version": model.model_version,
            "processor_digest": model.processor_digest,
        }

    async def _predict_v2(self, request: InferRequest, model: ServedModel) -> InferResponse:
        entries = await asyncio.to_thread(read_v2, request, self._config.limits)
        encoded = await self._encode(entries, model)
        _refuse_if_nothing(encoded)
        return write_v2(
            request,
            encoded,
            model_version=model.model_version,
            processor_digest=model.processor_digest,
        )

    async def _encode(self, entries: Sequence[Entry], model: ServedModel) -> Encoded:
        """Vectors of the entries that are items; the others keep their errors."""
        rows = [row for row, entry in enumerate(entries) if entry.item is not None]
        items = [entry.item for entry in entries if entry.item is not None]
        whole = Encoded(
            ids=[str(entry.id) for entry in entries],
            vectors=np.zeros((len(entries), model.encoder.dim), dtype=np.float32),
            gates=np.zeros((len(entries), 2), dtype=np.float32),
            errors=[entry.error for entry in entries],
        )
        if items:
            try:
                part = await self._batcher.encode(model.encoder, items)
            except ServiceUnavailable as full:
                raise Overloaded(str(full)) from None
            except TimeoutError:
                seconds = self._config.batches.deadline_seconds
                raise TooLate(
                    f"The items were not encoded within deadline_seconds = {seconds:g}; "
                    "send fewer at a time, or try again later."
                ) from None
            whole.vectors[rows] = part.vectors
            whole.gates[rows] = part.gates
            for row, error in zip(rows, part.errors, strict=True):
                whole.errors[row] = error
        metrics.observe_items(whole)
        return whole

    async def probe(self) -> bool:
        """Whether a real forward of text, picture and both works now.

        Checks that come together share one forward, and one just made is not repeated.
        """
        if self._probe is None or (
            self._probe.done()
            and time.monotonic() - self._probe_end >= self._config.probe_age_seconds
        ):
            self._probe = asyncio.get_running_loop().create_task(self._forward())
        return await asyncio.shield(self._probe)

    async def _forward(self) -> bool:
        try:
            with self._live.lease() as model:
                async with asyncio.timeout(self._config.probe_seconds):
                    encoded = await self._batcher.encode(model.encoder, probe_items(), urgent=True)
                check_probe(encoded, dim=model.encoder.dim)
            self.probe_error = None
        except TimeoutError:
            self.probe_error = f"no forward within {self._config.probe_seconds:g} s"
        except UniECSError as error:
            self.probe_error = str(error)
        self._probe_end = time.monotonic()
        return self.probe_error is None


def _refuse_if_nothing(
    encoded: Encoded, predictions: Sequence[Mapping[str, Any]] | None = None
) -> None:
    errors = [error for error in encoded.errors if error is not None]
    if len(errors) < len(encoded.errors):
        return
    first = "; ".join(f"{error.code}: {error.message}" for error in errors[:3])
    raise NothingEncoded(
        f"None of the {len(errors)} items could be encoded. {first}", predictions=predictions
    )
