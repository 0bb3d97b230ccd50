"""The steps of the loop, one per file: ``run(spec) -> StepOutput``.

A pipeline component is a thin adapter around one of these functions, so that the loop can be run,
tested and reused without a pipeline engine. Each step looks up its key before it imports anything
heavy.
"""
