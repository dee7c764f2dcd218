"""Texts made of what SQL is made of, in any order."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = """
    select foreach from where do incase case when then else end and or not in as is null between like div mod
    ( ) [ ] , . .. ; = =~ < <> + - * / || a b.c "t" 'x' 1 2.5 1e3 true f( timestamp upper -- : | @
"""
SOUP = st.lists(st.sampled_from([*PIECES.split(), "\n"]), max_size=40).map(" ".join)
