"""Plans and their mistakes."""

import pytest

from scenarios.load.arrivals import Process, Stage
from scenarios.load.plan import Behaviour
from scenarios.load.plan_file import PlanError, parse_plan
from scenarios.load.quantities import per_second, seconds, share

PLAN = """\
load: calls
target: 127.0.0.1:5060
stages:
  - {rate: 20/s, for: 60s}
  - {from: 600/min, to: 40/s, for: 1m}
callers: {user: "station-{n:02}", pin: "{n}"}
callees: {number: "+1212555{n:04}", user: "family-{n}"}
mix:
  - {behaviour: accept, presses: "{pin}", weight: 3}
  - behaviour: no-answer
    patience: 500ms
thresholds:
  - p99 setup < 150ms
  - failed of accept < 0.1%
"""


def mistakes(text):
    with pytest.raises(PlanError) as caught:
        parse_plan(text, "plan.yaml")
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_plan_is_read_into_values():
    plan = parse_plan(PLAN, "plan.yaml")
    assert plan.target == ("127.0.0.1", 5060)
    assert plan.shape == (Stage(20, 20, 60), Stage(10, 40, 60))
    assert plan.arrivals is Process.POISSON
    assert [(kind.behaviour, kind.weight, kind.patience) for kind in plan.mix] == [
        (Behaviour.ACCEPT, 3, 30),
        (Behaviour.NO_ANSWER, 1, 0.5),
    ]
    assert [threshold.bound for threshold in plan.thresholds] == [0.15, 0.001]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("weight: 3", "wieght: 3", "plan.yaml:9: mix[0].wieght: is not a key of this table; did you mean 'weight'?"),
        ("behaviour: no-answer", "behaviour: sulk", "plan.yaml:10: mix[1].behaviour: Input should be"),
        ("for: 60s", "for: 60", 'plan.yaml:4: stages[0].for: give the unit: "60s"'),
        ("rate: 20/s", "rate: fast", "plan.yaml:4: stages[0].rate: 'fast' is not a rate"),
        ("rate: 20/s", "rate: 20/s, to: 40/s", "plan.yaml:4: stages[0]: give rate:"),
        ("127.0.0.1:5060", "example.org:5060", "plan.yaml:2: target: 'example.org' is not an IP address"),
        ("p99 setup", "p99 stup", "plan.yaml:13: thresholds[0]: 'p99 stup < 150ms': 'stup' is not measured"),
        ("failed of accept", "failed of bridge", "the mix has no 'bridge'; it has accept, no-answer"),
        ("{n:04}", "0000", "plan.yaml:7: callees: number and user need {n}"),
        ("station-{n:02}", "station-{m}", "plan.yaml:6: callers.user:"),
        ('callees: {number: "+1212555{n:04}", user: "family-{n}"}\n', "", "accept: {number} needs `callees`"),
        ("load: calls\n", "", "plan.yaml:1: load: is missing"),
    ],
)
def test_a_mistake_is_told_with_file_line_key_and_remedy(old, new, told):
    assert old in PLAN
    assert any(told in mistake for mistake in mistakes(PLAN.replace(old, new, 1)))


def test_all_mistakes_are_told_at_once():
    assert len(mistakes(PLAN.replace("weight: 3", "wieght: 3").replace("20/s", "fast"))) == 2


def test_what_is_not_yaml_is_told_with_its_line():
    assert mistakes("load: x\nstages: [\n")[0].startswith("plan.yaml:3: is not YAML")


def test_two_kinds_of_the_same_name_are_refused():
    text = PLAN.replace("behaviour: no-answer", "behaviour: accept")
    assert any("accept is there twice" in mistake for mistake in mistakes(text))


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (seconds, "150ms", 0.15),
        (seconds, "1.5 s", 1.5),
        (seconds, "2m", 120),
        (seconds, "250us", 0.00025),
        (per_second, "20/s", 20),
        (per_second, "30 / min", 0.5),
        (share, "0.1%", 0.001),
    ],
)
def test_quantities_are_read_as_people_write_them(read, text, value):
    assert read(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("read", "text"), [(seconds, "-1s"), (seconds, "1 parsec"), (per_second, "20"), (share, "101%"), (share, "0.1")]
)
def test_what_is_no_quantity_is_refused(read, text):
    with pytest.raises(ValueError, match="write for example"):
        read(text)
