"""Which URLs may receive webhooks, the signature, and the retries."""

import base64
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import standardwebhooks

from api.domain import webhooks

PUBLIC_URLS = (
    "https://example.com",
    "https://example.com/hooks?tenant=1",
    "https://hooks.example.com:8443/a",
    "https://8.8.8.8/hooks",
    "https://[2606:4700:4700::1111]:8443/",
    "https://xn--bcher-kva.example/",
)
BAD_URLS = {
    "http://example.com": "must start with https://",
    "ftp://example.com": "must start with https://",
    "example.com/hooks": "must start with https://",
    "https://user:secret@example.com": "credentials",
    "https://@example.com": "credentials",
    "https://example.com#part": "fragment",
    "https://example.com/#": "fragment",
    "https://example.com:80": "port",
    "https://example.com:22": "port",
    "https://example.com:99999": "not a valid URL",
    "https://example.com:port": "not a valid URL",
    "https://": "not a valid name",
    "https:///path": "not a valid name",
    "https://exa mple.com": "percent-encoded",
    "https://example.com/ü": "percent-encoded",
    "https://example.com\\@10.0.0.1/": "percent-encoded",
    "https://example.com/\n": "percent-encoded",
    "https://bücher.example": "percent-encoded",
    "https://a..example": "not a valid name",
    "https://-a.example": "not a valid name",
    "https://[::1": "not a valid URL",
    "https://[fe80::1%25eth0]/": "not a valid",
    "https://0177.0.0.1": "four decimal numbers",
    "https://0x7f.1": "four decimal numbers",
    "https://0x7f000001/": "four decimal numbers",
    "https://2130706433": "four decimal numbers",
    "https://127.1": "four decimal numbers",
    "https://10.0.0.1": "not public",
    "https://127.0.0.1": "not public",
    "https://[::1]": "not public",
    "https://[::ffff:10.0.0.1]": "not public",
    "https://example.com/" + "a" * 2048: "over 2048 characters",
}


@pytest.mark.parametrize("url", PUBLIC_URLS)
def test_public_https_url_is_accepted(url: str) -> None:
    assert webhooks.find_url_error(url, allow_private=False) is None


@pytest.mark.parametrize(("url", "error"), BAD_URLS.items())
def test_bad_url_is_rejected_with_its_reason(url: str, error: str) -> None:
    assert error in str(webhooks.find_url_error(url, allow_private=False))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000/", "http://localhost/", "https://10.0.0.1/", "http://[::1]:8080"]
)
def test_private_networks_can_be_allowed(url: str) -> None:
    assert webhooks.find_url_error(url, allow_private=True) is None


def test_url_with_credentials_is_rejected_on_private_networks_too() -> None:
    assert webhooks.find_url_error("http://user:secret@localhost:8080/", allow_private=True)


@pytest.mark.parametrize(
    "address",
    """
    0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.0.1 192.0.2.1 192.168.1.1
    198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:db8::1
    2002:7f00:1:: 3fff::1 4000::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1
    """.split(),  # noqa: SIM905
)
def test_address_that_is_not_public_is_recognized(address: str) -> None:
    assert not webhooks.is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_public_address_is_recognized(address: str) -> None:
    assert webhooks.is_public(ip_address(address))


def test_signature_is_that_of_the_published_library() -> None:
    secret, at = webhooks.generate_secret(), datetime.now(UTC).replace(microsecond=0)
    body = '{"type":"webhook.test"}'
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    signature = webhooks.sign(secret, "msg_1", int(at.timestamp()), body.encode())
    assert signature == standardwebhooks.Webhook(secret).sign("msg_1", at, body)


def test_retries_wait_as_documented() -> None:
    seconds = [5, 300, 1800, 7200, 18000, 36000, 50400]
    waits = [webhooks.find_retry_wait(attempts, 0) for attempts in range(1, 9)]
    assert waits == [*(timedelta(seconds=wait) for wait in seconds), None]
    assert webhooks.find_retry_wait(2, 1) == timedelta(seconds=360)
    assert webhooks.find_retry_wait(2, -1) == timedelta(seconds=240)


def test_longer_retry_after_counts_up_to_a_day() -> None:
    assert webhooks.find_retry_wait(1, 0, timedelta(seconds=60)) == timedelta(seconds=60)
    assert webhooks.find_retry_wait(2, 0, timedelta(seconds=60)) == timedelta(seconds=300)
    assert webhooks.find_retry_wait(1, 0, timedelta(days=400)) == timedelta(days=1)
