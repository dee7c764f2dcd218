"""Puts this folder on the import path: the tests of every generation use `shapes`."""
