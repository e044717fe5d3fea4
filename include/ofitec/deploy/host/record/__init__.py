"""What the host remembers: its folder, its journal, its lock, its releases."""
