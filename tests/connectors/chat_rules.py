"""What every chat adapter must do; a vendor's test class inherits these and provides `chat` and `served`."""

from uuid import uuid4

import pytest

from connectors.chat.port import Chat
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.interactions import Action, Interaction, Member, Way
from contracts.records import Message, Ref, Wanted
from sandbox.slack.workspace import stable_id
from tests.connectors.conftest import Sandbox
from tests.connectors.crm_rules import says_nothing_private


def message(text: str = "Byron of Northwind", channel: str = "#sales") -> Wanted[Message]:
    return Wanted(uuid4(), Message(channel, text, ["*A new deal*", "Second"], {"Deal": "https://crm.example/1?a=1&b=2"}))


class ChatRules:
    """The port's promises."""

    async def test_a_message_is_posted_with_its_key_and_found_by_it(self, chat: Chat, served: Sandbox) -> None:
        wanted, other = message(), message()
        ref = await chat.post(wanted)
        await chat.post(other)
        assert await chat.find("#sales", [wanted.key, uuid4()]) == {wanted.key: ref}
        assert await chat.find("#finance", [wanted.key]) == {}
        posted = await served.objects("chat", "messages")
        assert [one["key"] for one in posted] == [str(wanted.key), str(other.key)]

    async def test_a_message_is_replaced_and_keeps_its_key(self, chat: Chat, served: Sandbox) -> None:
        wanted = message()
        ref = await chat.post(wanted)
        assert await chat.update(ref, Message("#sales", "3 deals are waiting")) == ref
        (posted,) = await served.objects("chat", "messages")
        assert (posted["object"]["text"], posted["key"]) == ("3 deals are waiting", str(wanted.key))

    async def test_a_message_that_is_gone_cannot_be_replaced(self, chat: Chat) -> None:
        ref = await chat.post(message())
        with pytest.raises(RefusedError):
            await chat.update(Ref(f"{ref.id.partition(':')[0]}:1.000001"), Message("#sales", "x"))

    async def test_an_unknown_channel_is_for_the_operator(self, chat: Chat) -> None:
        for call in (chat.post(message(channel="#no-such")), chat.find("#no-such", [uuid4()])):
            with pytest.raises(MisconfiguredError):
                await call

    async def test_a_lost_answer_is_uncertain_and_posts_once(self, chat: Chat, served: Sandbox) -> None:
        wanted = message()
        await served.fault("chat", "POST", lose_answer=True)
        with pytest.raises(UncertainError) as raised:
            await chat.post(wanted)
        assert says_nothing_private(raised.value)
        (posted,) = await served.objects("chat", "messages")
        assert (await chat.find("#sales", [wanted.key]))[wanted.key].id.endswith(posted["object"]["ts"])

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ({"status": 401}, MisconfiguredError),
            ({"status": 500}, UncertainError),
            ({"status": 502, "body": "html"}, UncertainError),
            ({"status": 503}, RetryableError),
            ({"status": 0}, UncertainError),
            ({"latency_ms": 3000, "status": 500}, UncertainError),
        ],
    )
    async def test_a_post_that_fails_says_what_to_do(
        self, chat: Chat, served: Sandbox, fault: dict[str, object], kind: type[TowlineError]
    ) -> None:
        await served.fault("chat", "POST", **fault)
        with pytest.raises(kind) as raised:
            await chat.post(message())
        assert says_nothing_private(raised.value)

    async def test_a_chat_that_is_down_does_not_answer_and_one_that_is_there_does(self, chat: Chat, served: Sandbox) -> None:
        await served.fault("chat", status=503)
        with pytest.raises(RetryableError):
            await chat.look()
        await chat.look()

    async def test_an_update_without_an_answer_may_be_made_again(self, chat: Chat, served: Sandbox) -> None:
        ref = await chat.post(message())
        await served.fault("chat", "POST", lose_answer=True)
        with pytest.raises(RetryableError):
            await chat.update(ref, Message("#sales", "x"))

    async def test_a_message_is_taken_away_and_one_that_is_gone_stays_so(self, chat: Chat, served: Sandbox) -> None:
        ref = await chat.post(message())
        for _ in range(2):
            await chat.delete(ref)
        assert await served.objects("chat", "messages") == []

    async def test_an_answer_in_a_thread_is_found_there_and_not_in_the_channel(self, chat: Chat, served: Sandbox) -> None:
        thread = await chat.post(message())
        below = Wanted(uuid4(), Message("#sales", "more of it", thread=thread))
        ref = await chat.post(below)
        assert await chat.find("#sales", [below.key], thread) == {below.key: ref}
        assert await chat.find("#sales", [below.key]) == {}

    async def test_a_full_member_is_known_by_their_address_and_nobody_else_is(self, chat: Chat, served: Sandbox) -> None:
        known = stable_id("U", "head-of-sales")
        assert await chat.read_member(known) == Member(known, "head-of-sales@towline.example")
        assert await chat.read_member("U0NOBODY000") is None

    async def test_an_answer_goes_to_no_address_but_the_chats_own(self, chat: Chat) -> None:
        done = Interaction(uuid4(), Way.COMMAND, Action.ASK, "U1", answer_to="https://evil.example/")
        with pytest.raises(RefusedError):
            await chat.answer(done, "x")
