"""What stands behind each class of causes is named; the list of why people close an exception is whole."""

from __future__ import annotations

import pytest

from lifecycle.causes import MEANS, Behind, Closing, producer_of


@pytest.mark.parametrize(
    ("cause", "kind", "name"),
    [
        ("gate/lead/owner_is_known", Behind.EXPECTATION, "owner_is_known of lead"),
        ("audit/company/domain_is_unique", Behind.EXPECTATION, "domain_is_unique of company"),
        ("contract/lead.qualified/person.email/email", Behind.CONTRACT, "person.email of lead.qualified, email"),
        ("drift/stripe/invoice/total/type.null", Behind.SHAPE, "stripe invoice total"),
        ("rules/error_rate/lead", Behind.RULE, "error_rate"),
        ("reconcile/opportunity.stage", Behind.FIELD, "opportunity.stage"),
        ("reconcile/run-failed", Behind.RUN, "of reconcile"),
        ("autonomy/correct_email", Behind.ACTION, "correct_email"),
        ("rollback/changed", Behind.ROLLBACK, "changed"),
        ("lead/open_deal/crm.http_400", Behind.STEP, "open_deal of lead"),
        ("lead/without/tell_owner/chat.gone", Behind.STEP, "tell_owner of lead"),
        ("lead/process-died", Behind.RUN, "of lead"),
        ("lead/failed/ValueError", Behind.RUN, "of lead"),
        ("lead/stage/stage", Behind.STAGE, "of lead"),
        ("delivery/early", Behind.STAGE, "of delivery"),
        ("whatever", Behind.STEP, " of whatever"),
    ],
)
def test_what_stands_behind_a_cause_is_named(cause: str, kind: Behind, name: str) -> None:
    assert producer_of(cause) == (kind, name)


def test_every_cause_of_the_list_says_something() -> None:
    assert set(MEANS) == set(Closing)
