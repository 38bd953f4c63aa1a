"""The rules, without Kafka, Faust, clock, files or logger: (state, records) -> (state changes, outputs).

`step.py` tells the whole story; `memory.py` knows what was seen before, `outputs.py` writes the bytes that go out.
"""
