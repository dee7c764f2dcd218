"""Tests of what plugins and modules switch on and off."""
