"""How the settings of an installation are read."""

from ofitec.deploy.host.record.home import parse_env


def test_environment_files_are_read_as_compose_reads_them() -> None:
    assert parse_env("# no=1\nA=1\n\nB = 'two words'\nC=x=y\n") == {"A": "1", "B": "two words", "C": "x=y"}
