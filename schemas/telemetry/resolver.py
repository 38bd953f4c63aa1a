"""What `resolve` tells: links, merges, profiles."""

from schemas.telemetry.declare import Declare


class Resolver:
    """What `resolve` tells: links, merges, profiles."""

    def __init__(self, declare: Declare) -> None:
        self.identity_links = declare.counter(
            "identity_links_total", "Links of the evidence by outcome: accepted, refused, known.", "outcome"
        )
        self.identity_merges = declare.counter("identity_merges_total", "Profiles that went into another one.")
        self.identity_refused = declare.counter(
            "identity_refused_total", "Links that a rule refused, by the rule.", "rule"
        )
        self.identity_unreadable = declare.counter(
            "identity_unreadable_total", "Records of the evidence that cannot be read; the sink rejects their rows."
        )
        self.identity_profiles = declare.gauge(
            "identity_profiles", "Profiles of two and more identifiers, of this worker."
        )
