"""Phone numbers in E.164, from whatever people and systems write (Google's libphonenumber, as `phonenumbers`)."""

from functools import lru_cache


@lru_cache(maxsize=16_384)
def e164(value: str, region: str) -> str:
    """`+` and digits, with `;ext=` and an extension where there is one (RFC 3966): colleagues share the rest.

    What is no possible number stays as it is: a text, a local number without its area, one of too many digits.
    `region` is the ISO 3166 country of numbers that name none. About 50 us for a number that was not met lately.
    """
    once = _formatted(value, region)
    return once if once and _formatted(once, None) == once else value  # zeros in front may go one by one


def _formatted(value: str, region: str | None) -> str:
    """Empty where it is no possible number."""
    import phonenumbers  # here, for the processor and the sink never need it: 7 MB, and 70 ms of every command

    try:
        number = phonenumbers.parse(value, None if value.startswith("+") else region)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{whole};ext={number.extension}" if number.extension else whole
