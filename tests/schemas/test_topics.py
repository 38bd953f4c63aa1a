"""Names of topics are those that users rely on."""

from schemas.topics import Topics


def test_names() -> None:
    topics = Topics()
    assert topics.interactions("call_center") == "interactions.call_center"
    assert len(topics.raw) == 9
    assert topics.outputs == ("timeline.events", "interactions.duplicates", "interactions.rejected")


def test_the_prefix_stands_before_all() -> None:
    assert all(spec.name.startswith("eu.") for spec in Topics("eu.").specs(8, 3))


def test_three_replicas_survive_the_loss_of_one() -> None:
    assert {spec.settings.get("min.insync.replicas") for spec in Topics().specs(4, 3)} == {"2"}
    assert {spec.settings.get("min.insync.replicas") for spec in Topics().specs(4, 1)} == {None}
