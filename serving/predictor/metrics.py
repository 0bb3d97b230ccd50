"""Prometheus metrics of the predictor; they appear at /metrics beside KServe's own.

No label takes its values from a request: codes are a closed set, models are one at a time.
"""

from prometheus_client import Counter, Gauge, Histogram, Summary

from uniecs.inference.batching import BatchDone
from uniecs.inference.items import Encoded

CODES = frozenset(
    {
        "base64", "empty", "format", "id", "image", "internal", "invalid", "missing", "text",
        "text_too_long", "too_many_bytes", "too_many_pixels", "truncated", "unreadable",
    }
)  # fmt: skip
"""Codes of item errors; any other is counted as ``other``."""

BATCH_ITEMS = Histogram(
    "uniecs_batch_items",
    "Items encoded together.",
    ["presence"],
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
BATCH_REQUESTS = Histogram(
    "uniecs_batch_requests",
    "Requests whose items were encoded together.",
    ["presence"],
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
ENCODE_SECONDS = Histogram(
    "uniecs_encode_seconds",
    "Time to encode one batch.",
    ["presence"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
ITEMS = Counter("uniecs_encoded_items", "Items that got a vector.")
ITEM_ERRORS = Counter("uniecs_item_errors", "Items that got an error.", ["code"])
REFUSALS = Counter("uniecs_refused_requests", "Requests refused as a whole.", ["code"])
GATE_RATIO = Summary(
    "uniecs_gate_ratio",
    "Weight of a modality in items that have both: sum / count is the mean.",
    ["modality"],
)
WAITING_ITEMS = Gauge("uniecs_waiting_items", "Items that wait for a batch.")
MODEL_INFO = Gauge(
    "uniecs_model_info", "1 for the live model.", ["model_version", "processor_digest"]
)
SWITCHES = Counter("uniecs_model_switches", "Attempts to put a release live.", ["outcome"])
SWITCH_SECONDS = Histogram(
    "uniecs_model_switch_seconds",
    "Time to load, check and switch to a release.",
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120),
)


def observe_batch(batch: BatchDone) -> None:
    """Record one batch."""
    label = batch.presence.label or "none"
    BATCH_ITEMS.labels(label).observe(batch.items)
    BATCH_REQUESTS.labels(label).observe(batch.requests)
    ENCODE_SECONDS.labels(label).observe(batch.seconds)


def observe_items(encoded: Encoded) -> None:
    """Record what became of the items of one request."""
    for gates, error in zip(encoded.gates.tolist(), encoded.errors, strict=True):
        if error is not None:
            ITEM_ERRORS.labels(error.code if error.code in CODES else "other").inc()
            continue
        ITEMS.inc()
        image, text = gates
        if image > 0 and text > 0:
            GATE_RATIO.labels("image").observe(image)
            GATE_RATIO.labels("text").observe(text)


def show_model(model_version: str, processor_digest: str) -> None:
    """Make this the one live model in ``uniecs_model_info``."""
    MODEL_INFO.clear()
    MODEL_INFO.labels(model_version, processor_digest).set(1)
