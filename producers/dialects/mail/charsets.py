"""Bytes of mail as text, whatever their charset is said to be. Never raises."""

import codecs
import re
from encodings.aliases import aliases
from typing import Final

_FURTHER: Final = {"cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "utf_8_sig"}
_NOT_FOR_MAIL: Final = {"idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem"}
# a closed set: the standard library keeps every name that it was ever asked for, and some codecs take quadratic time
_KNOWN: Final = (aliases.keys() | aliases.values() | _FURTHER) - _NOT_FOR_MAIL
_MEANT: Final = {  # what mailers mean, as the WHATWG Encoding Standard has found
    "ascii": "utf-8", "latin_1": "cp1252", "iso8859_1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc_kr": "cp949", "iso8859_9": "cp1254", "sjis": "cp932",
    "iso8859_11": "cp874", "tis_620": "cp874",
}  # fmt: skip
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def decoded(data: bytes, charset: str | None) -> str:
    """The text: by its charset, else by UTF-8, else by Windows-1252; what fits none is U+FFFD."""
    for name in (_codec(charset), "utf-8"):
        try:
            return sound(data.decode(name)) if name else sound(data.decode())
        except (ValueError, LookupError):  # LookupError: a codec of bytes, as base64
            continue
    spoilt = data.decode(errors="replace")
    unread = spoilt.count("\N{REPLACEMENT CHARACTER}")
    if len(_BEYOND_ASCII.findall(spoilt)) >= 2 * unread:  # UTF-8 with some faults in it
        return spoilt
    return data.decode("cp1252", errors="replace")


def sound(text: str) -> str:
    """The text without lone surrogates, which no JSON in UTF-8 can hold."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def from_parser(text: str) -> str:
    """Text as the standard library's parser hands it over: bytes beyond ASCII are surrogates in it."""
    return text if text.isascii() else decoded(text.encode("ascii", "surrogateescape"), None)


def _codec(charset: str | None) -> str | None:
    """The codec's name; None for a charset that is not known."""
    name = re.sub(r"[^a-z0-9]+", "_", (charset or "").lower().partition("*")[0]).strip("_")
    for spelling in (name, name.removeprefix("x_"), name.replace("_", "")):
        codec = aliases.get(spelling, spelling)
        if codec in _KNOWN:
            return _MEANT.get(codec, codecs.lookup(codec).name)
    return None
