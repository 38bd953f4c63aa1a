"""Interactions are validated, deduplicated and filed under their subject.

`core/` is pure: functions of state and bytes, which tests and benchmarks call directly. Around it stand the Faust
transport over librdkafka (`transport/`) and the agent (`app.py`); `process.py` starts and stops a worker (`worker.py`),
whose thread of work is `pipeline.py`: it steps over runs, sends the outputs (`outlet.py`, `outflow.py`), remembers what
it has seen (`stores.py`) and allows the commit. A store that does not know what was processed before reads it again
(`catch_up.py`) before its partition goes on. What comes in: `interactions.<channel>`. What goes out:
`timeline.events`, `interactions.duplicates`, `interactions.rejected`.
"""
