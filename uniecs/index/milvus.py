"""The one place that talks to Milvus: Milvus Lite on demand, or any server by URI."""

import contextlib
import dataclasses
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from uniecs.errors import GenerationError
from uniecs.index.failures import CollectionGone, failure, unavailable
from uniecs.index.layout import Capabilities, fields, index_plans, search_params
from uniecs.index.lite_server import ensure_lite_server
from uniecs.index.schema import COLUMNS, METRIC, Row
from uniecs.settings import Settings

_LOAD_TRIES = 8
_LOAD_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search: higher scores are better."""

    product_id: str
    score: float
    fields: dict[str, Any]


def connect(settings: Settings, *, timeout: float = 30.0) -> "Milvus":
    """Connect to the configured server, or to Milvus Lite, started if it does not run.

    Raises:
        ServiceUnavailable: When no server answers.
    """
    if settings.milvus_uri:
        hint = "Start it, or unset UNIECS_MILVUS_URI to use Milvus Lite."
        return Milvus(settings.milvus_uri, hint=hint, timeout=timeout)
    uri = ensure_lite_server(settings).uri
    hint = "Run the command again: it starts the server if it does not run."
    return Milvus(uri, hint=hint, timeout=timeout)


class Milvus:
    """Collections, aliases, rows and searches of one server, in our own types.

    Args:
        uri: Address of the server.
        hint: What to do when it does not answer.
        timeout: Seconds for connecting, and for each call that a search makes.

    Raises:
        ServiceUnavailable: From every method, when the server does not answer.
    """

    def __init__(self, uri: str, *, hint: str = "", timeout: float = 30.0) -> None:
        import pymilvus

        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs what it also raises
        self.uri = uri
        self._hint = hint
        self._timeout = timeout
        with self._errors("connect"):
            self._client = pymilvus.MilvusClient(uri, timeout=timeout)
            self.capabilities = Capabilities.of(self._client.get_server_version())

    @contextlib.contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        import grpc
        import pymilvus

        try:
            yield
        except pymilvus.MilvusException as error:
            text = str(error.message or error)
            raise failure(int(error.code), text, action, self.uri, self._hint) from error
        except (grpc.RpcError, ValueError) as error:  # grpc calls a closed channel a ValueError
            raise unavailable(f"{type(error).__name__}: {error}", self.uri, self._hint) from error

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    # Collections

    def create(self, name: str, *, dim: int, rows: int, description: Mapping[str, Any]) -> None:
        """Create an empty collection with its indexes.

        Args:
            name: Collection name.
            dim: Length of the vectors.
            rows: Expected number of rows; sizes the index.
            description: Facts of the generation; kept as JSON where the server keeps descriptions.
        """
        from pymilvus import DataType, Function, FunctionType, MilvusClient

        can = self.capabilities
        with self._errors("create a collection"):
            schema = MilvusClient.create_schema(
                auto_id=False, enable_dynamic_field=False, description=json.dumps(description)
            )
            for column, kind, options in fields(can, dim):
                schema.add_field(column, getattr(DataType, kind), **options)
            if can.bm25:
                function = Function(
                    name="bm25_of_terms",
                    input_field_names=["terms"],
                    output_field_names=["bm25"],
                    function_type=FunctionType.BM25,
                )
                schema.add_function(function)
            indexes = MilvusClient.prepare_index_params()
            for column, kind, metric, build in index_plans(can, rows):
                # "params" twice: pymilvus flattens the outer one, Milvus Lite reads the inner one
                indexes.add_index(
                    column, index_name=column, index_type=kind, metric_type=metric,
                    params={"params": build},
                )  # fmt: skip
            self._client.create_collection(name, schema=schema)
            self._client.create_index(name, indexes)

    def collections(self) -> list[str]:
        """Names of all collections."""
        with self._errors("list collections"):
            return sorted(self._client.list_collections())

    def columns(self, name: str) -> tuple[dict[str, str], int]:
        """Our columns of a collection with their types, and the dimension of its vectors."""
        with self._errors("describe a collection"):
            fields = self._client.describe_collection(name)["fields"]
        types = {field["name"]: field["type"].name for field in fields}
        dim = next(int(f["params"]["dim"]) for f in fields if f["name"] == "vector")
        return {column: types[column] for column in COLUMNS if column in types}, dim

    def drop(self, name: str) -> None:
        """Drop a collection; nothing happens when it is gone already.

        Raises:
            GenerationError: When an alias points at it (Milvus Lite itself would allow it).
        """
        with contextlib.suppress(CollectionGone), self._errors("drop a collection"):
            aliases = self._client.list_aliases(name).get("aliases", [])
            if aliases:
                raise GenerationError(
                    f"Collection {name} is not dropped: alias {aliases[0]!r} points at it and "
                    "searches use it. Swap in another generation first."
                )
            self._client.drop_collection(name)

    def flush(self, name: str) -> None:
        """Make all acknowledged rows durable and visible to the index."""
        with self._errors("flush"):
            self._client.flush(name)

    def load(self, name: str, *, again: bool = False, timeout: float | None = None) -> None:
        """Load a collection for searching; with ``again`` it is released first.

        Milvus Lite refuses a load that comes too soon after a flush, so it is tried again.
        """
        for attempt in range(_LOAD_TRIES):
            try:
                with self._errors("load a collection"):
                    if again:
                        self._client.release_collection(name)
                    self._client.load_collection(name, timeout=timeout)
                return
            except CollectionGone:
                raise
            except GenerationError:
                if attempt == _LOAD_TRIES - 1:
                    raise
                time.sleep(_LOAD_WAIT_SECONDS)

    # Aliases

    def resolve(self, alias: str) -> str | None:
        """The collection that an alias points at, or None."""
        try:
            with self._errors("resolve an alias"):
                return str(
                    self._client.describe_alias(alias, timeout=self._timeout)["collection_name"]
                )
        except CollectionGone:
            return None
        except GenerationError as error:
            if "alias" in str(error).lower() and "not" in str(error).lower():
                return None
            raise

    def point(self, alias: str, name: str) -> None:
        """Point an alias at a collection, in one call."""
        current = self.resolve(alias)
        with self._errors("point an alias"):
            if current is None:
                self._client.create_alias(name, alias)
            elif current != name:
                self._client.alter_alias(name, alias)

    # Rows

    def upsert(
        self,
        name: str,
        rows: Sequence[Row],
        vectors: np.ndarray,
        pictures: np.ndarray,
        looks: np.ndarray,
    ) -> None:
        """Write rows by product_id.

        Args:
            name: Collection.
            rows: N rows.
            vectors: [N, D] float32.
            pictures: [N, D] float32; zeros where a product has no picture.
            looks: [N, LOOK_DIM] float32; zeros where a product has no picture.
        """
        data = [dataclasses.asdict(row) for row in rows]
        for row, vector, picture, look in zip(data, vectors, pictures, looks, strict=True):
            row["vector"] = np.ascontiguousarray(vector, np.float32)
            if self.capabilities.pictures:
                # never found without a picture (see `pictured`), but a zero vector has no cosine
                row["picture"] = np.float32(picture if picture.any() else vector)
                row["look"] = np.float32(look if look.any() else -np.ones_like(look))
        with self._errors("write rows"):
            if self.capabilities.upsert:
                self._client.upsert(name, data)
            else:
                self._client.delete(name, ids=[row.product_id for row in rows])
                self._client.insert(name, data)

    def count(self, name: str, expression: str = "") -> int:
        """Number of rows that match an expression, counted strongly consistent."""
        with self._errors("count rows"):
            answer = self._client.query(
                name, filter=expression, output_fields=["count(*)"], consistency_level="Strong"
            )
        return int(answer[0]["count(*)"])

    def ids(self, name: str, expression: str, *, limit: int = 16_000) -> set[str]:
        """product_ids of rows that match an expression."""
        with self._errors("query rows"):
            rows = self._client.query(
                name, filter=expression, output_fields=["product_id"], limit=limit,
                consistency_level="Strong",
            )  # fmt: skip
        return {str(row["product_id"]) for row in rows}

    def read(self, name: str, columns: Sequence[str], *, batch: int = 1000) -> list[dict[str, Any]]:
        """All rows of a collection, in batches."""
        rows: list[dict[str, Any]] = []
        with self._errors("read rows"):
            iterator = self._client.query_iterator(
                name, batch_size=batch, output_fields=list(columns)
            )
            while batch_rows := iterator.next():
                rows.extend(dict(row) for row in batch_rows)
            iterator.close()
        return rows

    # Searches

    def nearest(
        self,
        name: str,
        vectors: np.ndarray,
        *,
        top_k: int,
        expression: str,
        fields: Sequence[str] = (),
        exhaustive: bool = False,
        column: str = "vector",
    ) -> list[list[Hit]]:
        """Nearest rows by cosine for each of [Q, D] query vectors.

        Args:
            name: Collection.
            vectors: [Q, D] float32 unit rows.
            top_k: Answers per query.
            expression: A filter; it must hold the tenant.
            fields: Columns to return.
            column: ``vector``, or ``picture`` or ``look`` to compare with pictures alone; the
                expression must then leave only products that have one.
            exhaustive: Look into every cell of the index: filters that leave few rows need it.
        """
        params = search_params(self.capabilities, top_k=top_k, exhaustive=exhaustive)
        search = {"metric_type": METRIC, "params": params}
        data = [row.tolist() for row in np.asarray(vectors, np.float32)]
        answers = self._search(name, data, column, top_k, expression, fields, search)
        return [[Hit(*hit) for hit in hits] for hits in answers]

    def lexical(
        self, name: str, terms: str, *, top_k: int, expression: str, fields: Sequence[str] = ()
    ) -> list[Hit]:
        """Best rows by BM25 for analysed terms; only where ``capabilities.bm25``."""
        search = {"metric_type": "BM25", "params": {}}
        answers = self._search(name, [terms], "bm25", top_k, expression, fields, search)
        return [Hit(id_, abs(score), entity) for id_, score, entity in answers[0]]

    def _search(
        self,
        name: str,
        data: list[Any],
        column: str,
        top_k: int,
        expression: str,
        fields: Sequence[str],
        search: dict[str, Any],
    ) -> list[list[tuple[str, float, dict[str, Any]]]]:
        def once() -> Any:
            with self._errors("search"):
                return self._client.search(
                    name, data=data, anns_field=column, limit=top_k, filter=expression,
                    output_fields=list(fields) or ["product_id"], search_params=search,
                    timeout=self._timeout,
                )  # fmt: skip

        answers = self._loaded(name, once)
        return [
            [(_key(hit), float(hit["distance"]), dict(hit["entity"])) for hit in answer]
            for answer in answers
        ]

    def _loaded(self, name: str, call: Callable[[], Any]) -> Any:
        """After a restart of the server its collections are released: load and try again."""
        try:
            return call()
        except CollectionGone:
            raise
        except GenerationError as error:
            if "load" not in str(error) and "released" not in str(error):
                raise
            self.load(name, timeout=self._timeout)
            return call()


def _key(hit: Mapping[str, Any]) -> str:
    """The primary key of an answer; a server of 2.3 does not say what its column is called."""
    return str(hit["product_id"] if "product_id" in hit else hit["id"])
