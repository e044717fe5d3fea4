"""What the host program does: a module a verb, and the parts of one."""
