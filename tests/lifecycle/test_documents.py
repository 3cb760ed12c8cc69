"""Documents are called the same in every run, and what is in a packet is known or said to be found out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.event import parse
from contracts.opportunity import OpportunityCreatedV1
from lifecycle.discovery import DISCOVERY_TEMPLATE, UNKNOWN, packet_values
from lifecycle.documents import Artefact, document_name, slug
from lifecycle.templates import templates
from tests.world import sample

SUBJECT = UUID("3f2a91c0-0000-5000-8000-000000000000")


def test_a_document_is_called_by_account_artefact_version_and_deal() -> None:
    name = document_name("Northwind GmbH", Artefact.DISCOVERY_PACKET, 1, subject=SUBJECT)
    assert name == "northwind-gmbh_discovery-packet_v1_3f2a91c0"


@given(st.text(max_size=200))
def test_a_slug_is_short_plain_and_stays_as_it_is(text: str) -> None:
    found = slug(text)
    assert re.fullmatch(r"[a-z0-9-]{1,60}", found)
    assert slug(found) == found.strip("-") or found == "account"


@pytest.mark.parametrize(("text", "expected"), [("Müller & Söhne", "muller-sohne"), ("  ", "account"), ("北京", "account")])
def test_a_slug_of_other_letters(text: str, expected: str) -> None:
    assert slug(text) == expected


def values(name: str) -> dict[str, str]:
    opportunity = parse("opportunity.created/1", sample("opportunity.created", name), event_type="opportunity.created")
    assert isinstance(opportunity, OpportunityCreatedV1)
    prepared = datetime(2026, 11, 21, tzinfo=UTC)
    return packet_values(opportunity, title="T", document="D", prepared_at=prepared, contract="opportunity.created/1")


@pytest.mark.parametrize("name", ["import", "follow-up", "crm-deal"])
def test_a_packet_has_a_value_for_each_of_its_blanks_and_no_other(name: str) -> None:
    blanks = set(re.findall(r"\{\{(\w+)\}\}", templates()[DISCOVERY_TEMPLATE]))
    assert set(values(name)) == blanks
    assert all(values(name).values())


def test_a_packet_says_what_is_known_and_what_is_to_be_found_out() -> None:
    known = values("import")
    assert (known["account"], known["employees"], known["stage"]) == ("Acme Corporation", "2,822", "Engaging")
    assert (known["engaged_on"], known["prepared_at"]) == ("20 October 2017", "21 November 2026")
    assert (known["email"], known["amount"]) == (UNKNOWN, UNKNOWN)
