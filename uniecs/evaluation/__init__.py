"""The nine tasks, query types, metrics, intervals, reports and gates."""
