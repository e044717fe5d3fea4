"""The terms of a run travel by their names, each in seconds, from whoever asks to the plan."""

from pathlib import Path

from ofitec.deploy.host import cli
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.host.run import apply


def test_the_options_of_a_plan_are_its_terms() -> None:
    terms = Terms(window_seconds=900, watch_seconds=0.5, canary_percent=10, canary_seconds=30, hours="22:00-06:00")
    for verb in (["plan", "--image=a/b:1"], ["plan-rollback"], ["plan-workers", "--workers=4"]):
        args = cli._parser().parse_args([*verb, "--who=Paula", *terms.options()])
        assert Terms.of(vars(args)) == terms
        assert Terms.of(vars(cli._parser().parse_args([*verb, "--who=Paula"]))) == Terms()


def test_a_verb_is_in_the_file_of_its_name() -> None:
    [verbs] = [action.choices for action in cli._parser()._actions if action.dest == "==SUPPRESS==" and action.choices]
    files = {file.stem for file in Path(apply.__file__).parent.glob("*.py")}
    assert {verb.removesuffix("-rollback").removesuffix("-workers") for verb in verbs} <= files
