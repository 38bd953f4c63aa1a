from typing import Any

import pytest

from producers.dialects.segment.channel import channel_of


@pytest.mark.parametrize(
    "context",
    [
        {"library": {"name": "analytics-ios"}},
        {"library": {"name": "analytics-android"}},
        {"library": {"name": "analytics-kotlin"}},
        {"library": {"name": "analytics-swift"}},
        {"library": {"name": "analytics_flutter"}},
        {"library": {"name": "@segment/analytics-react-native"}},
        {"library": {"name": "com.rudderstack.android.sdk.core"}},
        {"library": {"name": "analytics-python"}, "device": {"type": "ios"}},
        {"device": {"type": "phone", "name": "Apple iPhone 6"}},
        {"device": {"manufacturer": "Google"}},
        {"os": {"name": "iOS"}},
        {"channel": "mobile"},
    ],
)
def test_apps_are_mobile(context: dict[str, Any]) -> None:
    assert channel_of("track", None, context) == "mobile"


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"library": {"name": "analytics.js"}, "device": {"type": "ios"}},
        {"library": {"name": "analytics-python"}},
        {"library": {"name": "@segment/analytics-node"}},
        {"library": "analytics-ios", "device": "phone", "os": 7},
        {"os": {"name": "iOS"}, "page": {"url": "https://shop.example/"}},
        {"os": {"name": "Linux"}, "device": {"type": "desktop"}},
        {"channel": "server", "device": {"type": "ios"}},
    ],
)
def test_browsers_and_servers_are_web(context: dict[str, Any]) -> None:
    assert channel_of("track", None, context) == "web"


def test_pages_are_the_webs_and_screens_are_apps() -> None:
    assert channel_of("page", "mobile", {"library": {"name": "analytics-ios"}}) == "web"
    assert channel_of("screen", "server", {"library": {"name": "analytics.js"}}) == "mobile"


def test_what_the_message_says_comes_before_what_its_context_suggests() -> None:
    assert channel_of("track", "mobile", {"library": {"name": "analytics.js"}}) == "mobile"
    assert channel_of("track", "browser", {"device": {"type": "ios"}}) == "web"
    assert channel_of("track", ["mobile"], {}) == "web"
