"""Every alert fires when it should and only then, as Debian's own Prometheus judges it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.prometheus.cases import CASES, Case, Series
from tests.deploy.prometheus.rules import HOME, alerts, files, needed, program

pytestmark = pytest.mark.slow


def named(series: str) -> str:
    """With our prefix, where it is one of ours."""
    return series if series.startswith(("up", "process_")) else f"throughline_{series}"


def as_test(case: Case) -> dict[str, object]:
    """The case in promtool's form. ALERTS is what Prometheus itself says of its alerts."""
    firing = f'count(ALERTS{{alertname="{case.alert}", alertstate="firing"}})'
    return {
        "name": case.alert,
        "interval": case.step,
        "input_series": [{"series": named(name), "values": values} for name, values in case.series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": at, "exp_samples": []} for at in case.quiet]
        + [{"expr": firing, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]} for at in case.fires],
    }


def judged(folder: Path, tests: list[dict[str, object]], alert: str | None = None, step: str = "10s") -> str:
    """What promtool says; empty when all hold. `alert`: with the rules that it needs alone."""
    rules = list(map(str, files()))
    if alert is not None:
        rules = [str(folder / "rules.yml")]
        group = {"name": "needed", "rules": needed(alert)}
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [group]}))
    file = folder / "tests.yml"
    file.write_text(yaml.safe_dump({"rule_files": rules, "evaluation_interval": step, "tests": tests}))
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_prometheus_takes_configuration_and_rules() -> None:
    for command in (["check", "config", str(HOME / "prometheus.yml")], ["check", "rules", *map(str, files())]):
        done = subprocess.run([program("promtool"), *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_moments_at_which_it_does_not() -> None:
    assert {case.alert for case in CASES if case.fires and case.quiet} == {alert.name for alert in alerts()}


@pytest.mark.parametrize("alert", [alert.name for alert in alerts()])
def test_an_alert_fires_when_it_should_and_only_then(tmp_path: Path, alert: str) -> None:
    cases = [case for case in CASES if case.alert == alert]
    [step] = {case.step for case in cases}
    assert judged(tmp_path, list(map(as_test, cases)), alert, step) == ""


def test_an_alert_that_does_not_fire_is_found(tmp_path: Path) -> None:
    healthy = Case("PartDown", {'up{job="throughline", part="sink"}': "1x60"}, fires=("5m",))
    assert "FAILED" in judged(tmp_path, [as_test(healthy)])


RECORDED: dict[str, tuple[Series, dict[str, float]]] = {
    "throughline:audit:clean": ({"audit_missing": "0 1 0", "audit_doubled": "0 0 NaN"}, {"0s": 1, "10s": 0}),
    'throughline:part_lag_messages:sum{part="sink"}': (  # the sink and the intake tell of the same
        {
            'lag_messages{part="sink", group="throughline-sink", topic="t", partition="0"}': "5",
            'lag_messages{part="serve", group="throughline-sink", topic="t", partition="0"}': "7",
            'lag_messages{part="serve", group="throughline-sink", topic="t", partition="1"}': "2",
        },
        {"0s": 9},
    ),
    'throughline:source_rejected:ratio_15m{source="web"}': (  # what process rejects was accepted before
        {
            'interactions_accepted_total{part="serve", source="web"}': "_ 90",
            'interactions_rejected_total{part="serve", source="web"}': "_ 10",
            'interactions_rejected_total{part="process", source="web"}': "_ 10",
        },
        {"10s": 0.2},
    ),
    "throughline:acceptance:ratio_5m": (
        {
            'deliveries_total{outcome="accepted"}': "0+99x30",
            'deliveries_total{outcome="overloaded"}': "0+1x30",
            'deliveries_total{outcome="key_wrong"}': "0+50x30",
        },
        {"5m": 0.99},
    ),
}


def test_service_levels_are_computed_as_they_are_described(tmp_path: Path) -> None:
    tests: list[dict[str, object]] = [
        {
            "interval": "10s",
            "input_series": [{"series": named(name), "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {"expr": f"sum({recorded})", "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
                for at, value in expected.items()
            ],
        }
        for recorded, (series, expected) in RECORDED.items()
    ]
    assert judged(tmp_path, tests) == ""
