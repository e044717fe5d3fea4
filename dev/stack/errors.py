"""The one error the local stack raises on purpose."""


class StackError(Exception):
    """Something the person at the keyboard can act on: one line that says what failed and what to do next."""
