"""The real servers of the local stack: how each is had, started, asked whether it is healthy."""
