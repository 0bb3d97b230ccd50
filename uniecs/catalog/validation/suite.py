"""The checks run by Great Expectations over the tables of facts: the one file that imports it."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.validation.outcome import Check
from uniecs.catalog.validation.rules import Rule
from uniecs.errors import CatalogError

if TYPE_CHECKING:
    import pandas as pd

_SITE = "validation"
_EXAMPLES = 20


def run_checks(
    tables: Mapping[str, "pd.DataFrame"], rules: Sequence[Rule], docs: Path
) -> list[Check]:
    """Check every rule and write Great Expectations' Data Docs.

    Args:
        tables: Facts by table name.
        rules: What to check.
        docs: Folder of the Data Docs; ``docs/index.html`` is their first page.

    Returns:
        One check per rule, in the order of the rules.

    Raises:
        CatalogError: When Great Expectations could not evaluate a rule.
    """
    gx: Any = import_module("great_expectations")  # Any: its stubs contradict its own examples
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.delete_data_docs_site("local_site")
    context.add_data_docs_site(_SITE, _site(docs))
    source = context.data_sources.add_pandas("catalog")
    found: dict[str, Check] = {}
    for name, table in tables.items():
        asked = [rule for rule in rules if rule.table == name]
        suite = context.suites.add(
            gx.ExpectationSuite(name=name, expectations=[_expectation(rule) for rule in asked])
        )
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=batch, suite=suite)
        )
        result = definition.run(
            batch_parameters={"dataframe": table},
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": _EXAMPLES},
        )
        found |= _checks(result.results, {rule.name: rule for rule in asked})
    context.build_data_docs(site_names=[_SITE])
    return [found[rule.name] for rule in rules if rule.name in found]


def _site(docs: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": docs.absolute().as_posix(),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }


def _expectation(rule: Rule) -> Any:
    gxe: Any = import_module("great_expectations.expectations")
    about: dict[str, Any] = {
        "meta": {"check": rule.name},
        "description": f"{rule.name}: {rule.says}",
    }
    if rule.kind == "rows":
        return gxe.ExpectTableRowCountToBeBetween(min_value=int(rule.threshold), **about)
    about |= {"column": rule.column, "mostly": round(1 - rule.threshold, 9)}
    if rule.kind == "unique":
        return gxe.ExpectColumnValuesToBeUnique(**about)
    if rule.kind == "at_least":
        return gxe.ExpectColumnValuesToBeBetween(min_value=rule.minimum, **about)
    return gxe.ExpectColumnValuesToBeInSet(value_set=[True], **about)


def _checks(results: Sequence[Any], rules: Mapping[str, Rule]) -> dict[str, Check]:
    checks = {}
    for result in results:
        name = result.expectation_config.meta["check"]
        if result.exception_info.get("raised_exception"):
            raise CatalogError(
                f"The check {name} could not be evaluated: "
                f"{result.exception_info.get('exception_message')}; please report this."
            )
        checks[name] = Check(
            name=name,
            passed=bool(result.success),
            value=_value(rules[name], result.result),
            threshold=rules[name].threshold,
        )
    return checks


def _value(rule: Rule, result: Mapping[str, Any]) -> float:
    if rule.kind == "rows":
        return int(result["observed_value"])
    judged = result["element_count"] - result["missing_count"]
    return round(result["unexpected_count"] / judged, 6) if judged else 0.0
