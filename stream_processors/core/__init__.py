"""The rules, without Kafka, Faust, clock, files or logger: (state, records) -> (state changes, outputs).

Two stories. `step.py`: interactions and their fates; `memory.py` knows what was seen before, `outputs.py` writes the
bytes that go out. `resolve.py`: evidence and customers.

    resolve    plainly (plain)         links that hold in whatever order: nearly all
               apply, settle, cut      facts laid on the desk; components evaluated until none changes; their parts
               survey, profiles, changes, customers    what differs, and the records that say so
    recall     the whole memory, told again
    judge      the same rules without a memory, for who asks why, or what if
    evaluate   the rules: commands, nodes, kinds, hubs, clusters, owners
    kept, desk, component, beside, refusals    what the memory holds, and what a run takes out of it
"""
