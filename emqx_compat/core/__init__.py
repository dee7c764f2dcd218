"""The hub: neutral domain types, the fault names, and the port that every engine implements."""
