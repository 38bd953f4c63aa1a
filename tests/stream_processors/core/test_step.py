import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.fates import Reason
from schemas.ids import fingerprint
from stream_processors.core.step import step
from tests.stream_processors.core.world import TODAY, WINDOW, YESTERDAY, Kept, Sent, fates, outputs, raw, take

junk = st.sampled_from([b"", b"junk", b"[]", b"{}", b'{"schema":2}', b"\xff", b'{"schema":1,"tenant":5}'])
records = st.builds(
    Sent,
    event=st.integers(0, 3),
    says=st.integers(0, 1),
    arrival=st.integers(1, 4 * WINDOW),
    junk=st.none() | st.none() | junk,
    instead=st.none() | st.none() | st.integers(0, 24),
)
logs = st.lists(records, min_size=1, max_size=24)


@given(logs)
def test_every_record_has_exactly_one_fate_and_its_own_position(log: list[Sent]) -> None:
    done = take(log, Kept(), begin=7)
    found = [orjson.loads(value) for _, _, value in outputs(done)]
    assert [record["raw_offset"] for record in found] == list(range(7, 7 + len(log)))
    assert {(record["raw_topic_id"], record["raw_partition"]) for record in found} == {(str(TODAY), 3)}
    assert len(done.reasons) == len(done.rejected)


@given(logs, st.data())
def test_cutting_the_log_into_runs_changes_nothing(log: list[Sent], data: st.DataObject) -> None:
    whole = outputs(take(log, Kept()))
    memory, unwritten, found, at = Kept(), dict[bytes, bytes](), [], 0
    while at < len(log):
        size = data.draw(st.integers(1, len(log) - at))
        done = step(raw(log[at : at + size], at), memory, unwritten, WINDOW)
        memory.entries |= unwritten  # the run before is written only now, as the pipeline does
        unwritten = done.writes
        found += outputs(done)
        at += size
    assert found == whole


@given(logs, st.data())
def test_a_replay_of_anything_gives_the_same_bytes(log: list[Sent], data: st.DataObject) -> None:
    memory = Kept()
    whole = outputs(take(log, memory))
    begin = data.draw(st.integers(0, len(log) - 1))
    end = data.draw(st.integers(begin + 1, len(log)))
    remembered = dict(memory.entries)
    assert outputs(take(log[begin:end], memory, begin)) == whole[begin:end]
    assert memory.entries == remembered


@given(logs, st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8), st.booleans()), max_size=8))
def test_crashes_before_or_after_the_write_change_nothing(log: list[Sent], falls: list[tuple[int, int, bool]]) -> None:
    whole = outputs(take(log, Kept()))
    memory, at = Kept(), 0
    for size, back, written in [*falls, (len(log), 0, True)]:
        done = step(raw(log[at : at + size], at), memory, {}, WINDOW) if at < len(log) else None
        if done is None:
            break
        assert outputs(done) == whole[at : at + size]
        if written:
            memory.entries |= done.writes
            at = max(0, min(len(log), at + size) - back)


def test_the_first_copy_is_stored_and_the_second_names_it() -> None:
    memory = Kept()
    assert fates(take([Sent(1), Sent(2)], memory)) == ["stored", "stored"]
    done = take([Sent(1, arrival=50)], memory, begin=2)
    assert fates(done) == ["duplicate"]
    key, value = done.duplicates[0]
    record = orjson.loads(value)
    assert key == b"acme:00000000-0000-0000-0000-000000000001"
    assert (record["first_offset"], record["first_topic_id"], record["raw_offset"]) == (0, str(TODAY), 2)


def test_other_content_under_the_same_id_is_a_conflict() -> None:
    done = take([Sent(1, says=1), Sent(1, says=2)], Kept())
    assert fates(done) == ["stored", "rejected"]
    assert done.reasons == [("web", Reason.ID_CONFLICT)]
    record = orjson.loads(done.rejected[0][1])
    assert record["body"].encode() == Sent(1, says=2).value
    assert "offset 0" in record["detail"]


def test_a_copy_beyond_the_window_is_new() -> None:
    first, late = Sent(1, arrival=1), Sent(1, arrival=1 + WINDOW)
    assert fates(take([first, Sent(1, arrival=WINDOW), late], Kept())) == ["stored", "duplicate", "stored"]


def test_yesterdays_topic_is_known_with_its_own_position() -> None:
    memory = Kept()
    take([Sent(5), Sent(1)], memory, topic_ids=(YESTERDAY,))
    done = take([Sent(2), Sent(1)], memory, topic_ids=(YESTERDAY, TODAY))  # offset 1 again, of another topic
    assert fates(done) == ["stored", "duplicate"]
    record = orjson.loads(done.duplicates[0][1])
    assert (record["first_topic_id"], record["first_offset"]) == (str(YESTERDAY), 1)
    assert (record["raw_topic_id"], record["raw_offset"]) == (str(TODAY), 1)


def test_the_timeline_record_is_the_raw_one_with_its_place_before_it() -> None:
    sent = Sent(1)
    key, value = take([sent], Kept(), begin=9).timeline[0]
    assert key == b'user_id:u"1'
    assert value.endswith(sent.value[1:])
    record = orjson.loads(value)
    assert list(record)[:6] == ["subject", "raw_topic", "raw_topic_id", "raw_partition", "raw_offset", "schema"]
    assert (record["subject"], record["raw_topic"], record["raw_offset"]) == ('user_id:u"1', "interactions.web", 9)


def test_space_before_the_document_does_no_harm() -> None:
    _, value = take([Sent(junk=b" \n" + Sent(1).value)], Kept()).timeline[0]
    assert orjson.loads(value)["event_id"] == "00000000-0000-0000-0000-000000000001"


def test_without_a_fingerprint_it_is_computed() -> None:
    value = Sent(1, marked=False).value
    mark = fingerprint(orjson.loads(value))
    marked = orjson.dumps(orjson.loads(value) | {"fingerprint": mark})
    copy, other = Sent(junk=marked), Sent(1, says=1, marked=False)
    assert fates(take([Sent(1, marked=False), copy, other], Kept())) == ["stored", "duplicate", "rejected"]


def test_without_a_time_of_kafka_the_receipt_counts() -> None:
    memory = Kept()
    take([Sent(1, arrival=0)], memory)
    received_ms = 1_767_225_601_000
    assert fates(take([Sent(1, arrival=received_ms + WINDOW - 1)], memory, begin=1)) == ["duplicate"]
    assert fates(take([Sent(1, arrival=received_ms + WINDOW)], memory, begin=2)) == ["stored"]


def test_a_bad_record_keeps_its_bytes_and_what_can_be_read() -> None:
    body = b'{"schema":1,"tenant":"acme","source":"web","adapter":"No!","message_id":"m","event_id":"x"}'
    done = take([Sent(junk=body, arrival=1_767_225_601_000), Sent(junk=b"\xff\x00")], Kept())
    first, second = (orjson.loads(value) for _, value in done.rejected)
    assert (first["tenant"], first["source"], first["adapter"], first["channel"]) == ("acme", "web", "", "web")
    assert (first["message_id"], first["event_id"], first["stage"]) == ("m", None, "process")
    assert first["received_at"] == "2026-01-01T00:00:01.000Z"
    assert first["body"].encode() == body
    assert (second["body"], second["body_encoding"], second["reason"]) == ("/wA=", "base64", "not_json")
    assert done.rejected[0][0].decode() == first["rejected_id"]


def test_what_takes_the_place_of_a_record_that_the_store_refused_is_stored_once() -> None:
    memory = Kept()
    assert fates(take([Sent(1)], memory)) == ["stored"]
    mended = Sent(1, says=2, instead=0)
    assert fates(take([mended, mended, Sent(1), Sent(1, says=2)], memory, 1)) == [
        "stored", "duplicate", "rejected", "duplicate"
    ]  # fmt: skip
    assert fates(take([mended], memory, 1)) == ["stored"]  # after a crash
    assert fates(take([Sent(1, instead=7)], memory, 5)) == ["rejected"]  # the place of another record
