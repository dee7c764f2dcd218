"""Peers that mean harm: whatever they send, the others do not notice."""
