"""Milvus and the Python twin agree on every filter, whatever the values are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from uniecs.catalog.presence import VIEWS
from uniecs.catalog.schema import Product
from uniecs.index.expressions import expression
from uniecs.index.filter_tree import Compare, Conjunction, Disjunction, Filter, Member, Negation
from uniecs.index.filters import parse_filter
from uniecs.index.look import LOOK_DIM
from uniecs.index.milvus import Milvus
from uniecs.index.predicates import matches
from uniecs.index.schema import Row, row_of

HOSTILE = (
    'a"b', "a\\", "\\\"", "' or tenant == 'b", '" or tenant == "b" or brand == "', "x\ny", "x\ty",
    "%", "_", "]", "{x}", "é\u2028", "\u0130", "🛒", "", " ", "null", "true", "1", "x" * 600,
)  # fmt: skip
TENANTS = ("a", "b", 'a" or tenant == "b')


@dataclass
class Table:
    milvus: Milvus
    name: str
    rows: list[Row]


@pytest.fixture(scope="module")
def lite_table(lite_uri: str) -> Iterator[Table]:
    yield from make_table(lite_uri)


@pytest.fixture(scope="module")
def server_table(server_uri: str) -> Iterator[Table]:
    yield from make_table(server_uri)


@pytest.fixture(params=["lite", pytest.param("server", marks=pytest.mark.slow)])
def table(request: pytest.FixtureRequest) -> Table:
    made: Table = request.getfixturevalue(f"{request.param}_table")
    return made


def make_table(uri: str) -> Iterator[Table]:
    milvus = Milvus(uri)
    name = "filters_under_test"
    milvus.drop(name)
    rows = list(make_rows())
    milvus.create(name, dim=4, rows=len(rows), description={})
    vectors = np.eye(4, dtype=np.float32)[np.arange(len(rows)) % 4]
    looks = np.zeros((len(rows), LOOK_DIM), np.float32)
    milvus.upsert(name, rows, vectors, vectors, looks)
    milvus.flush(name)
    milvus.load(name, again=True)
    yield Table(milvus, name, rows)
    milvus.drop(name)


def make_rows() -> Iterator[Row]:
    for number in range(120):
        word = HOSTILE[number % len(HOSTILE)]
        attributes: dict[str, object] = {"color": word, "sizes": ["S", word]}
        if number % 3:
            attributes |= {"year": 2000 + number % 7, "sale": number % 2 == 0}
        product = Product(
            product_id=f"p{number}",
            title=word.strip() or "untitled",
            brand=None if number % 4 == 0 else word,
            category=word,
            price=None if number % 5 == 0 else float(number % 9),
            attributes={} if number % 10 == 0 else attributes,
        )
        presence = VIEWS[number // 7 % 3]
        tenant = TENANTS[number // 2 % len(TENANTS)]
        yield row_of(product, tenant=tenant, presence=presence, terms=f"term{number}")


words = st.sampled_from(HOSTILE) | st.text(max_size=6).filter(
    lambda text: not any(0xD800 <= ord(c) <= 0xDFFF or c == "\0" for c in text)
)
numbers = st.sampled_from([0.0, 3.0, 2003.0, -1.5, 1e-7, 1e20]) | st.floats(-10, 10)
orders = st.sampled_from(["==", "<", "<=", ">", ">="])
attributes = st.sampled_from(["color", "sizes", "year", "sale", "nothing", "plant type"])
leaves = (
    st.builds(Compare, st.sampled_from(["brand", "category", "title"]), st.just("=="), words)
    | st.builds(Compare, st.just("price"), orders, numbers)
    | st.builds(Compare, st.just("presence"), st.just("=="), st.sampled_from(["I", "T", "IT"]))
    | st.builds(Compare, attributes, st.just("=="), words | st.booleans(), st.just(True))
    | st.builds(Compare, attributes, orders, numbers, st.just(True))
    | st.builds(Member, st.just("brand"), st.lists(words, min_size=1, max_size=3).map(tuple))
    | st.builds(Member, st.just("price"), st.lists(numbers, min_size=1, max_size=3).map(tuple))
    | st.builds(
        Member, attributes, st.lists(words | numbers, min_size=1, max_size=3).map(tuple),
        st.just(True),
    )
)  # fmt: skip
filters: st.SearchStrategy[Filter] = st.recursive(
    leaves,
    lambda parts: (
        st.builds(Negation, parts)
        | st.builds(Conjunction, st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(Disjunction, st.lists(parts, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@given(where=filters, tenant=st.sampled_from(TENANTS))
@example(where=parse_filter('not attributes.year < 2003 and not brand == "1"'), tenant="a")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_milvus_and_the_python_twin_let_the_same_products_through(
    table: Table, where: Filter, tenant: str
) -> None:
    found = table.milvus.ids(table.name, expression(where, tenant=tenant))

    expected = {row.product_id for row in table.rows if matches(where, row, tenant=tenant)}
    assert found == expected


@pytest.mark.parametrize("word", HOSTILE)
def test_no_value_widens_the_tenant(table: Table, word: str) -> None:
    where = Disjunction((Compare("brand", "==", word), Negation(Compare("brand", "==", word))))

    found = table.milvus.ids(table.name, expression(where, tenant="a"))

    assert found == {row.product_id for row in table.rows if row.tenant == "a"}


def test_a_search_under_a_filter_answers_only_what_passes_it(table: Table) -> None:
    where = parse_filter("price < 4 and not presence == 'I'")

    hits = table.milvus.nearest(
        table.name,
        np.ones((1, 4), np.float32),
        top_k=50,
        expression=expression(where, tenant="a"),
        exhaustive=True,
    )[0]

    assert {hit.product_id for hit in hits} == {
        row.product_id for row in table.rows if matches(where, row, tenant="a")
    }
