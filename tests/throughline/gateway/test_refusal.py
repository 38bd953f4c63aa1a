import pytest

from throughline.gateway.refusal import RefusedError, status, told


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RefusedError(62, "SYNTAX_ERROR", "No."), (62, "Code: 62. DB::Exception: No. (SYNTAX_ERROR)")),
        (RuntimeError("Code: 60. DB::Exception: No. (X)"), (60, "Code: 60. DB::Exception: No. (X)")),
        (
            RuntimeError("Streaming query failed: Code: 27. DB::Exception: Code: 27. DB::Exception: No. (X)"),
            (27, "Code: 27. DB::Exception: No. (X)"),
        ),
        (
            RuntimeError("Code: 27. DB::Exception: Code: 27. DB::Exception: No: (in file/uri /dev/fd/7): Code: 1. (X)"),
            (27, "Code: 27. DB::Exception: No: Code: 1. (X)"),
        ),
        (ValueError("odd"), (1001, "Code: 1001. DB::Exception: odd (STD_EXCEPTION)")),
    ],
)
def test_errors_in_clickhouses_form(error: Exception, expected: tuple[int, str]) -> None:
    assert told(error) == expected


def test_statuses() -> None:
    assert [status(code) for code in (62, 60, 516, 194, 241, 159, 229, 48)] == [400, 404, 403, 401, 500, 408, 413, 501]
