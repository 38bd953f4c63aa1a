"""Interactions are validated, deduplicated and filed under their subject.

`core/` is pure: functions of state and bytes, which tests and benchmarks call directly. Around it stand the Faust
transport over librdkafka and the agent. What comes in: `interactions.<channel>`. What goes out: `timeline.events`,
`interactions.duplicates`, `interactions.rejected`.
"""
