"""A staging copy each morning: the proof's own copy, masked, kept under a name; off unless OFITEC_STAGING is on.

A room of its own: no other domain imports it. What it needs of the others is the proof, which hands its copy over
instead of dropping it (`ofitec.backup.handover`).
"""
