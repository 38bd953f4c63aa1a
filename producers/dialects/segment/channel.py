"""Whether a message came from the web or from an app, told by its call, its library and its device."""

from typing import Any, Final

from producers.dialects.segment.fields import object_of
from schemas.interaction import Channel

_BY_CALL: Final[dict[str, Channel]] = {"page": "web", "screen": "mobile"}
_STATED: Final[dict[object, Channel]] = {"mobile": "mobile", "browser": "web", "web": "web", "server": "web"}
_MOBILE_LIBRARIES: Final = ("ios", "android", "kotlin", "swift", "flutter", "react-native", "react_native")
_MOBILE_SYSTEMS: Final = frozenset({"ios", "iphone os", "ipados", "android", "watchos", "tvos"})
_MOBILE_DEVICES: Final = _MOBILE_SYSTEMS | {"iphone", "ipad", "phone", "tablet", "mobile"}


def channel_of(call: str, stated: object, context: dict[str, Any]) -> Channel:
    """The channel of a message; servers count as web.

    Pages are the web's and screens are apps', by Segment's spec; else `channel` where it is stated ("Spec: Common
    fields": server, browser, mobile), then the library, then the device or operating system.
    """
    if by_call := _BY_CALL.get(call):
        return by_call
    if stated is None:
        stated = context.get("channel")
    if isinstance(stated, str) and stated in _STATED:
        return _STATED[stated]
    library = object_of(context.get("library")).get("name")
    if library == "analytics.js":
        return "web"
    is_app = isinstance(library, str) and any(part in library.lower() for part in _MOBILE_LIBRARIES)
    return "mobile" if is_app or _is_device(context) else "web"


def _is_device(context: dict[str, Any]) -> bool:
    device = object_of(context.get("device"))
    if "manufacturer" in device or _is_one_of(device.get("type"), _MOBILE_DEVICES):
        return True
    # a page, too, may name its visitor's operating system
    return "page" not in context and _is_one_of(object_of(context.get("os")).get("name"), _MOBILE_SYSTEMS)


def _is_one_of(value: object, names: frozenset[str]) -> bool:
    return isinstance(value, str) and value.lower() in names
