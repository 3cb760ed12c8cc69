"""Only who knows a secret may send an event."""

import base64
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from connectors.hooks import Incoming, SignatureError
from connectors.standard_hooks import sign, verify
from contracts.errors import MisconfiguredError

# Published with the Standard Webhooks libraries (MIT).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
SIGNED_AT = datetime.fromtimestamp(1614265330, UTC)
OTHER = "whsec_" + base64.b64encode(b"another secret").decode()


def incoming(body: bytes = BODY, **headers: str | None) -> Incoming:
    given = HEADERS | {f"webhook-{name}": value for name, value in headers.items()}
    return Incoming(
        "POST", "http://x/events", {name: value for name, value in given.items() if value is not None}, body, SIGNED_AT
    )


@pytest.mark.parametrize("secrets", [[SECRET], [SECRET.removeprefix("whsec_")], [OTHER, SECRET], [SECRET, OTHER]])
def test_the_published_vector_is_let_in_by_any_of_the_secrets(secrets: list[str]) -> None:
    verify(incoming(), secrets, SIGNED_AT)


def test_one_good_signature_among_several_will_do() -> None:
    several = f"v1,bm90IHRoaXMgb25l v1a,other {HEADERS['webhook-signature']} v1"
    verify(incoming(signature=several), [SECRET], SIGNED_AT)


def test_our_own_signature_is_the_published_one_and_the_library_takes_it() -> None:
    assert sign(SECRET, HEADERS["webhook-id"], SIGNED_AT, BODY) == HEADERS
    now = datetime.now(UTC)
    assert Webhook(SECRET).verify(BODY, sign(SECRET, "event-1", now, BODY)) == {"test": 2432232314}


def test_a_time_zone_does_not_change_a_signature() -> None:
    from zoneinfo import ZoneInfo

    assert sign(SECRET, HEADERS["webhook-id"], SIGNED_AT.astimezone(ZoneInfo("Asia/Tokyo")), BODY) == HEADERS


@pytest.mark.parametrize(
    ("request_", "secrets"),
    [
        (incoming(), [OTHER]),
        (incoming(), []),
        (incoming(BODY + b" "), [SECRET]),
        (incoming(b"\xff\xfe"), [SECRET]),
        (incoming(id="other"), [SECRET]),
        (incoming(timestamp="1614265331"), [SECRET]),
        (incoming(timestamp="soon"), [SECRET]),
        (incoming(timestamp="nan"), [SECRET]),
        (incoming(signature="g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), [SECRET]),
        (incoming(signature="v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), [SECRET]),
        (incoming(signature="v1,a,b"), [SECRET]),
        (incoming(signature="v1,ä"), [SECRET]),
    ],
)
def test_a_wrong_signature_is_wrong(request_: Incoming, secrets: list[str]) -> None:
    with pytest.raises(SignatureError, match=r"^signature is wrong$"):
        verify(request_, secrets, SIGNED_AT)


@pytest.mark.parametrize("name", ["id", "timestamp", "signature"])
def test_a_missing_header_is_missing(name: str) -> None:
    with pytest.raises(SignatureError, match=r"^signature is missing$"):
        verify(incoming(**{name: None}), [SECRET], SIGNED_AT)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_from_another_time_is_stale(seconds: int) -> None:
    with pytest.raises(SignatureError, match=r"^signature is stale$"):
        verify(incoming(), [SECRET], SIGNED_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-299, 299])
def test_five_minutes_either_way_are_fresh_and_a_repeat_is_let_in(seconds: int) -> None:
    for _ in range(2):
        verify(incoming(), [SECRET], SIGNED_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("secret", ["", "whsec_", "x", "%%%"])
def test_a_secret_that_is_none_is_for_the_operator(secret: str) -> None:
    with pytest.raises(MisconfiguredError):
        verify(incoming(), [secret], SIGNED_AT)


def test_a_signature_error_says_which_fault_in_its_cause_and_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SignatureError("stale")))  # noqa: S301 - our own
    assert (str(error), error.cause) == ("signature is stale", "signature.stale")
