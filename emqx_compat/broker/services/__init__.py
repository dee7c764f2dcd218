"""The ports of `core.engine` as the embedded broker answers them, one module a subject."""
