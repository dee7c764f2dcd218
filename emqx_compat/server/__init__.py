"""The composition root: from settings to a server that listens. Modules are imported where they are needed."""
