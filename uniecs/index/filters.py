"""The filter language of searches: ``price < 50 and brand == "X" and attributes.color in ["Red"]``.

A filter is parsed to a tree of typed values (``filter_tree``) and never passed on as text.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from uniecs.errors import FilterError
from uniecs.index.filter_tree import (
    COLUMNS,
    PRESENCES,
    TEXT_COLUMNS,
    Compare,
    Conjunction,
    Disjunction,
    Filter,
    Member,
    Negation,
    Value,
)

MAX_CHARACTERS = 2000
MAX_DEPTH = 8
MAX_VALUES = 200


def parse_filter(text: str) -> Filter:
    """Parse a filter.

    Example:
        >>> parse_filter('not price >= 50')
        Negation(part=Compare(column='price', operator='>=', value=50.0, attribute=False))

    Raises:
        FilterError: With the position, for anything but the language above; an unknown column is
            answered with the columns that exist.
    """
    if len(text) > MAX_CHARACTERS:
        raise FilterError(
            f"The filter has {len(text)} characters, the limit is {MAX_CHARACTERS}; shorten it.",
            position=MAX_CHARACTERS,
        )
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


_TOKENS = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<operator>==|!=|<=|>=|<|>)
  | (?P<name>[^\W\d]\w*)
  | (?P<mark>[()\[\],.])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_WORDS = ("and", "or", "not", "in", "true", "false")


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            rest = text[position : position + 10]
            hint = "close the quotation mark" if rest[0] in "\"'" else "remove or quote it"
            raise FilterError(
                f"Cannot read {rest!r} at position {position} of the filter; {hint}.",
                position=position,
            )
        kind = str(match.lastgroup)
        word = match.group()
        if kind == "name" and word.lower() in _WORDS:
            kind, word = "word", word.lower()
        if kind != "space":
            tokens.append(_Token(kind, word, position))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


class _Parser:
    """Recursive descent: or < and < not < comparison."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0

    def parse(self) -> Filter:
        tree = self._either()
        if self._peek().kind != "end":
            self._fail("expected `and`, `or` or the end")
        return tree

    def _either(self) -> Filter:
        parts = [self._both()]
        while self._take("word", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Disjunction(tuple(parts))

    def _both(self) -> Filter:
        parts = [self._negated()]
        while self._take("word", "and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else Conjunction(tuple(parts))

    def _negated(self) -> Filter:
        if self._take("word", "not"):
            return Negation(self._deeper(self._negated))
        if self._take("mark", "("):
            inner = self._deeper(self._either)
            self._expect("mark", ")")
            return inner
        return self._comparison()

    def _deeper(self, rule: Callable[[], Filter]) -> Filter:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"nested more than {MAX_DEPTH} levels deep")
        tree = rule()
        self._depth -= 1
        return tree

    def _comparison(self) -> Filter:
        column, attribute = self._column()
        if self._take("word", "not"):
            self._expect("word", "in")
            return Negation(self._member(column, attribute))
        if self._take("word", "in"):
            return self._member(column, attribute)
        token = self._peek()
        if token.kind != "operator":
            self._fail("expected ==, !=, <, <=, >, >=, in or not in")
        self._next += 1
        ordered = token.text not in ("==", "!=")
        value = self._value(column, attribute, ordered=ordered)
        if token.text == "!=":
            return Negation(Compare(column, "==", value, attribute))
        return Compare(column, token.text, value, attribute)  # type: ignore[arg-type]

    def _member(self, column: str, attribute: bool) -> Member:
        self._expect("mark", "[")
        values = [self._value(column, attribute)]
        while self._take("mark", ","):
            values.append(self._value(column, attribute))
            if len(values) > MAX_VALUES:
                self._fail(f"more than {MAX_VALUES} values in a list")
        self._expect("mark", "]")
        return Member(column, tuple(values), attribute)

    def _column(self) -> tuple[str, bool]:
        token = self._peek()
        if token.kind != "name":
            self._fail(f"expected a column ({', '.join(COLUMNS)})")
        self._next += 1
        if token.text == "attributes":
            return self._attribute(), True
        if token.text not in COLUMNS:
            raise FilterError(
                f"Unknown column {token.text!r} at position {token.position} of the filter; "
                f"columns are {', '.join(COLUMNS)}.",
                position=token.position,
            )
        return token.text, False

    def _attribute(self) -> str:
        if self._take("mark", "."):
            token = self._peek()
            if token.kind not in ("name", "word"):
                self._fail("expected the name of an attribute after the dot")
            self._next += 1
            return token.text
        self._expect("mark", "[")
        name = self._peek()
        if name.kind != "string" or not re.fullmatch(r"[\w .\-/]{1,100}", _unquote(name.text)):
            self._fail('expected a name of letters, digits and spaces, as in attributes["name"]')
        self._next += 1
        self._expect("mark", "]")
        return _unquote(name.text)

    def _value(self, column: str, attribute: bool, *, ordered: bool = False) -> Value:
        token = self._peek()
        value: Value
        if token.kind == "string":
            value = self._text(token)
        elif token.kind == "number":
            value = float(token.text)
            if not math.isfinite(value):
                self._fail("the number is out of range")
        elif token.kind == "word" and token.text in ("true", "false"):
            value = token.text == "true"
        else:
            self._fail('expected a value: a number, true, false or a text in "quotation marks"')
        self._check_type(column, attribute, value, ordered)
        self._next += 1
        return value

    def _text(self, token: _Token) -> str:
        text = _unquote(token.text)
        if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
            self._fail("the text is not valid Unicode")
        return text

    def _check_type(self, column: str, attribute: bool, value: Value, ordered: bool) -> None:
        is_number = isinstance(value, float)
        if ordered and not is_number:
            self._fail("<, <=, > and >= compare numbers")
        if attribute:
            return
        if column == "price" and not is_number:
            self._fail("price is compared with a number")
        if column in TEXT_COLUMNS and not isinstance(value, str):
            self._fail(f'{column} is compared with a text in "quotation marks"')
        if column == "presence" and value not in PRESENCES:
            self._fail('presence is "I", "T" or "IT"')

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token.kind == kind and token.text == text:
            self._next += 1
            return True
        return False

    def _expect(self, kind: str, text: str) -> None:
        if not self._take(kind, text):
            self._fail(f"expected {text!r}")

    def _fail(self, reason: str) -> NoReturn:
        token = self._peek()
        found = repr(token.text) if token.kind != "end" else "the end"
        raise FilterError(
            f"Filter, position {token.position}, at {found}: {reason}.", position=token.position
        )


def _unquote(literal: str) -> str:
    return re.sub(
        r"\\(.)", lambda m: _ESCAPES.get(m.group(1), m.group(1)), literal[1:-1], flags=re.DOTALL
    )
