"""What the codec promises: vectors (`vectors_*`), properties over generated packets (`strategies`)."""
