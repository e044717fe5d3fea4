"""Looks at an installation as a whole: uses each connection, program and folder once and says what is wrong.

A file a subject; each check returns one `Finding`. `command` prints them for `airflow ofitec doctor`, the hooks of
`ofitec.package` use the same sentences for the *Test* button of a connection.
"""
