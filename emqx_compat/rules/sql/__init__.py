"""The SQL of rules, in the dialects of 3.x, 4.x and 5.x: lexer, parser, syntax tree, checks."""
