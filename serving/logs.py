"""Logs of the server: on stderr, one line each, nothing for a request that is merely refused."""

import logging
import logging.config
import warnings

from fastapi.exceptions import FastAPIDeprecationWarning
from kserve.errors import InvalidInput, ModelNotFound

REFUSALS = (InvalidInput, ModelNotFound)


def configure_logs() -> None:
    """Set the levels of KServe, uvicorn and our own loggers; stdout stays free."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "line",
                    "stream": "ext://sys.stderr",
                }
            },
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "serving": {"level": "INFO"},
                "uniecs": {"level": "INFO"},
                "kserve": {"level": "WARNING"},
                "kserve.trace": {"level": "WARNING"},
                "uvicorn": {"level": "WARNING"},
                "uvicorn.access": {"level": "ERROR"},
            },
        }
    )
    logging.getLogger("kserve").addFilter(_is_not_a_refusal)
    # KServe answers V1 with a response class that FastAPI would like to retire
    warnings.filterwarnings("ignore", category=FastAPIDeprecationWarning)


def _is_not_a_refusal(record: logging.LogRecord) -> bool:
    """KServe logs a traceback for each bad gRPC request; clients must not fill the disk."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, REFUSALS)
