"""The rule engine: SQL, what it computes, the registry of rules and resources."""
