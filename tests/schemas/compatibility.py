"""Whether what wrote and read by one JSON Schema can go on with another: additions yes, anything narrower no."""

from typing import Any

Schema = dict[str, Any]
_CEILINGS = ("maximum", "maxLength", "maxItems")
_FLOORS = ("minimum", "minLength", "minItems")


def breaks(old: Schema, new: Schema, at: str = "") -> list[str]:
    """What in `new` refuses documents that `old` allowed, or no longer promises what `old` promised."""
    return _members(old, new, at) + _types(old, new, at) + _limits(old, new, at)


def _members(old: Schema, new: Schema, at: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    found = [f"{at}{name}: removed" for name in before if name not in after]
    found += [f"{at}{name}: now required" for name in set(new.get("required", [])) - set(old.get("required", []))]
    found += [f"{at}{name}: no longer required" for name in set(old.get("required", [])) - set(new.get("required", []))]
    for name in before.keys() & after.keys():
        found += breaks(before[name], after[name], f"{at}{name}.")
    for group in ("$defs",):
        for name in old.get(group, {}).keys() & new.get(group, {}).keys():
            found += breaks(old[group][name], new[group][name], f"{at}{name}.")
    if "items" in old and "items" in new:
        found += breaks(old["items"], new["items"], f"{at}[].")
    return found


def _types(old: Schema, new: Schema, at: str) -> list[str]:
    exact = ("type", "format", "pattern", "const", "$ref")
    changed = [key for key in exact if new.get(key) is not None and old.get(key) != new.get(key)]
    found = [f"{at}{key}: {old.get(key)} became {new.get(key)}" for key in changed]
    if "enum" in new and (gone := set(old.get("enum", [])) - set(new["enum"])):
        found.append(f"{at}enum: lost {sorted(gone)}")
    if "enum" in new and "enum" not in old:
        found.append(f"{at}enum: new")
    if "anyOf" in old:
        if "anyOf" not in new:
            found.append(f"{at}anyOf: narrowed")
        else:
            for one, other in zip(old["anyOf"], new["anyOf"], strict=False):
                found += breaks(one, other, at)
    return found


def _limits(old: Schema, new: Schema, at: str) -> list[str]:
    found = [f"{at}{k}: lowered" for k in _CEILINGS if k in new and new[k] < old.get(k, float("inf"))]
    found += [f"{at}{k}: raised" for k in _FLOORS if k in new and new[k] > old.get(k, float("-inf"))]
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        found.append(f"{at}additionalProperties: closed")
    return found
