"""What is counted the cheap way shows as if it had been counted the usual one, whoever reads meanwhile."""

import threading

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from schemas.telemetry.declare import BRIEF, Declare

LABELS = st.tuples(st.sampled_from("ab"), st.sampled_from("xy"))
STEPS = st.lists(st.tuples(LABELS, st.integers(0, 9), st.booleans(), st.booleans()))


@given(STEPS)
def test_a_tally_is_the_same_as_counting(steps: list[tuple[tuple[str, str], int, bool, bool]]) -> None:
    registry, usual = CollectorRegistry(), CollectorRegistry()
    counter, other = (Declare(one).counter("n", "help", "p", "q") for one in (registry, usual))
    for labels, amount, is_tallied, is_read in steps:
        if is_tallied:
            counter.tally(labels, amount)
        else:
            counter.labels(*labels).inc(amount)
        other.labels(*labels).inc(amount)
        if is_read:
            generate_latest(registry)
    asked = [{"p": p, "q": q} for p in "ab" for q in "xy"]
    shown = [registry.get_sample_value("throughline_n_total", labels) for labels in asked]
    assert shown == [usual.get_sample_value("throughline_n_total", labels) for labels in asked]


@given(st.lists(st.sampled_from([0, *BRIEF, 0.0011, 0.3, 29.5, 31, 1e9])))
def test_what_is_noted_is_as_if_it_were_observed(seconds: list[float]) -> None:
    registry, usual = CollectorRegistry(), CollectorRegistry()
    times, other = Declare(registry).durations("t", "help"), Declare(usual).histogram("t", "help")
    for one in seconds:
        times.note(one)
        other.observe(one)
    names = ["t_count", "t_sum", *(f"t_bucket{le}" for le in [*BRIEF, "+Inf"])]

    def shown(of: CollectorRegistry) -> list[float | None]:
        named = [name.partition("bucket") for name in names]
        return [
            of.get_sample_value(f"throughline_{head}{kind}", {"le": str(float(le))} if le != "+Inf" else {"le": le})
            if kind
            else of.get_sample_value(f"throughline_{head}")
            for head, kind, le in named
        ]

    assert shown(registry) == shown(usual)


def test_nothing_is_lost_or_doubled_while_several_read() -> None:
    registry = CollectorRegistry()
    counter, times = Declare(registry).counter("n", "help", "p"), Declare(registry).durations("t", "help")
    end = threading.Event()

    def read() -> None:
        while not end.is_set():
            generate_latest(registry)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20_000):
        counter.tally((str(number % 7),))
        times.note(0.5)
    end.set()
    for reader in readers:
        reader.join()
    counted = [registry.get_sample_value("throughline_n_total", {"p": str(number)}) for number in range(7)]
    assert sum(one or 0.0 for one in counted) == 20_000
    assert registry.get_sample_value("throughline_t_count") == 20_000
    assert registry.get_sample_value("throughline_t_sum") == 10_000
