"""The terms of a run travel by their names, each in seconds, from whoever asks to the plan."""

from ofitec.deploy.host import cli
from ofitec.deploy.host.record.terms import Terms


def test_the_options_of_a_plan_are_its_terms() -> None:
    terms = Terms(window_seconds=900, watch_seconds=0.5, canary_percent=10, canary_seconds=30, hours="22:00-06:00")
    for verb in (["plan", "--image=a/b:1"], ["plan-rollback"]):
        args = cli._parser().parse_args([*verb, "--who=Paula", *terms.options()])
        assert Terms.of(vars(args)) == terms
        assert Terms.of(vars(cli._parser().parse_args([*verb, "--who=Paula"]))) == Terms()
