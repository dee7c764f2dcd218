"""Words that the grammars reserve.

3.x and 4.0–4.2 use a parser of general SQL, whose tokens swallow ordinary words (observed on 3.2.8): a keyword
cannot stand for a column or an alias at all, a soft keyword stands for a column in upper case. The words here are
those of the documented statements and functions; the real parser reserves more.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RULE_WORDS = _words("AND AS CASE DIV DO ELSE ELSIF END FOREACH FROM IF IN INCASE MOD NOT OR SELECT THEN WHEN WHERE")
"""Reserved in the rule SQL of later 4.x and of 5.x."""

GENERAL_WORDS = _words(
    """
    SELECT FROM WHERE FOREACH DO INCASE AS CASE WHEN THEN ELSE ELSIF AND OR NOT IN IS NULL BETWEEN LIKE
    DISTINCT ALL ORDER GROUP BY HAVING ASC DESC
    """
)
"""Reserved in the statements of 3.x, and in what they refuse or ignore."""

SOFT_WORDS = _words("END ESCAPE TIMESTAMP")
"""Soft keywords of 3.x: columns, but no aliases."""

FUNCTION_WORDS = _words("ABS ACOS ASIN ATAN COS COSH LOWER LTRIM SIN SINH TAN TANH UPPER AVG COUNT MAX MIN SUM")
"""Names of functions to general SQL, also without parentheses."""
