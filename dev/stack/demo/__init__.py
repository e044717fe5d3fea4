"""What `make demo` does and shows on the running stack."""
