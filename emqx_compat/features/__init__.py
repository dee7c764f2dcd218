"""What stands behind the switches: each module hangs itself into the hook points while its feature runs."""
