"""HubSpot's fixed words: object types, association types, owners, stages; data only.

Object types: https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm
Association types: https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4#association-type-id-values
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

PORTAL: Final = 62515
USER: Final = 9186656  # the person who works in the CRM's UI
APP: Final = 1160452  # the app whose webhook subscriptions these are


@dataclass(frozen=True)
class Kind:
    """One object type, with the properties that every answer carries and those that it carries unless told otherwise."""

    name: str
    singular: str
    type_id: str
    always: tuple[str, ...]
    default: tuple[str, ...]
    required: tuple[str, ...] = ()

    @property
    def modified(self) -> str:
        """Return the property that holds the time of the last change."""
        return "lastmodifieddate" if self.name == "contacts" else "hs_lastmodifieddate"

    @property
    def created(self) -> str:
        """Return the property that holds the time of creation."""
        return "hs_createdate" if self.name == "notes" else "createdate"


_STAMPS = ("createdate", "hs_lastmodifieddate", "hs_object_id")
_ALL = (
    Kind("companies", "company", "0-2", _STAMPS, ("domain", "name")),
    Kind("contacts", "contact", "0-1", ("createdate", "hs_object_id", "lastmodifieddate"), ("email", "firstname", "lastname")),
    Kind("deals", "deal", "0-3", _STAMPS, ("amount", "closedate", "dealname", "dealstage", "pipeline")),
    Kind(
        "tickets",
        "ticket",
        "0-5",
        _STAMPS,
        ("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority", "subject"),
        ("hs_pipeline_stage",),
    ),
    Kind("notes", "note", "0-46", ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"), (), ("hs_timestamp",)),
)
KINDS: Final = {kind.name: kind for kind in _ALL}
BY_ANY_NAME: Final = {name: kind for kind in _ALL for name in (kind.name, kind.singular, kind.type_id)}


class Link(NamedTuple):
    """An association type in one direction, with the number of the same one seen from the other side."""

    source: str
    target: str
    type_id: int
    reverse_id: int
    primary: bool = False


_PAIRS = (
    Link("contacts", "companies", 279, 280),
    Link("contacts", "companies", 1, 2, primary=True),
    Link("deals", "contacts", 3, 4),
    Link("deals", "companies", 341, 342),
    Link("deals", "companies", 5, 6, primary=True),
    Link("tickets", "contacts", 16, 15),
    Link("tickets", "companies", 339, 340),
    Link("tickets", "companies", 26, 25, primary=True),
    Link("tickets", "deals", 28, 27),
    Link("notes", "contacts", 202, 201),
    Link("notes", "companies", 190, 189),
    Link("notes", "deals", 214, 213),
    Link("notes", "tickets", 228, 227),
)
LINKS: Final = (*_PAIRS, *(Link(p.target, p.source, p.reverse_id, p.type_id, p.primary) for p in _PAIRS))
LINK_BY_TYPE: Final = {(link.source, link.type_id): link for link in LINKS}

# id, label, probability; closed stages are those at 0 and 1
DEAL_STAGES: Final = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
TICKET_STAGES: Final = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)

OWNERS: Final = (
    ("71001", "Ines", "Moreau", "sales-1@agency.example"),
    ("71002", "Tomasz", "Nowak", "sales-2@agency.example"),
    ("71003", "Priya", "Raman", "delivery@agency.example"),
    ("71004", "Jonas", "Lindqvist", "finance@agency.example"),
    ("71005", "Amara", "Okafor", "operations@agency.example"),
)

# event type, property; everything here is on from the start
SUBSCRIPTIONS: Final = (
    ("deal.creation", None),
    ("deal.propertyChange", "dealstage"),
    ("deal.propertyChange", "amount"),
    ("contact.creation", None),
    ("contact.propertyChange", "lifecyclestage"),
    ("company.creation", None),
    ("ticket.propertyChange", "hs_pipeline_stage"),
    ("ticket.propertyChange", "towline_milestone"),
)
