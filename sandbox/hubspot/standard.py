"""HubSpot's standard properties of the object types here and the values they take; data only.

https://developers.hubspot.com/docs/guides/api/crm/properties
"""

from dataclasses import dataclass
from typing import Final

# One line a property: name, label, type, field type; options follow a colon. "!" is unique, "~" is read-only.
STAGES_OF: Final = {"dealstage": "pipeline", "hs_pipeline_stage": "hs_pipeline"}
_LIFECYCLE = "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other"
_STATUS = "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING"
_EVERYWHERE = """
hs_object_id~ | Record ID | number | number
hubspot_owner_id | Owner | enumeration | select
hs_object_source~ | Record source | enumeration | select
"""
_SPELLED: Final = {
    "companies": f"""
name | Company name | string | text
domain | Company Domain Name | string | text
website | Website URL | string | text
phone | Phone Number | string | phonenumber
description | Description | string | textarea
industry | Industry | enumeration | select : @INDUSTRIES
address | Street Address | string | text
city | City | string | text
state | State/Region | string | text
zip | Postal Code | string | text
country | Country/Region | string | text
numberofemployees | Number of Employees | number | number
annualrevenue | Annual Revenue | number | number
founded_year | Year Founded | string | text
type | Type | enumeration | select : PROSPECT PARTNER RESELLER VENDOR OTHER
lifecyclestage | Lifecycle Stage | enumeration | radio : {_LIFECYCLE}
createdate | Create Date | datetime | date
hs_lastmodifieddate~ | Last Modified Date | datetime | date
""",
    "contacts": f"""
email! | Email | string | text
firstname | First Name | string | text
lastname | Last Name | string | text
phone | Phone Number | string | phonenumber
mobilephone | Mobile Phone Number | string | phonenumber
company | Company Name | string | text
jobtitle | Job Title | string | text
website | Website URL | string | text
address | Street Address | string | text
city | City | string | text
state | State/Region | string | text
zip | Postal Code | string | text
country | Country/Region | string | text
message | Message | string | textarea
lifecyclestage | Lifecycle Stage | enumeration | radio : {_LIFECYCLE}
hs_lead_status | Lead Status | enumeration | radio : {_STATUS}
createdate | Create Date | datetime | date
lastmodifieddate~ | Last Modified Date | datetime | date
""",
    "deals": """
dealname | Deal Name | string | text
amount | Amount | number | number
deal_currency_code | Currency | enumeration | select : USD EUR GBP CHF CAD AUD JPY SEK NOK DKK PLN CZK INR SGD
closedate | Close Date | datetime | date
pipeline | Pipeline | enumeration | select
dealstage | Deal Stage | enumeration | radio
dealtype | Deal Type | enumeration | radio : newbusiness existingbusiness
description | Deal Description | string | textarea
hs_priority | Priority | enumeration | select : low medium high
hs_next_step | Next step | string | text
closed_lost_reason | Closed Lost Reason | string | textarea
closed_won_reason | Closed Won Reason | string | textarea
hs_is_closed~ | Is Deal Closed? | bool | booleancheckbox
hs_is_closed_won~ | Is Closed Won | bool | booleancheckbox
hs_is_closed_lost~ | Is Closed Lost | bool | booleancheckbox
createdate | Create Date | datetime | date
hs_lastmodifieddate~ | Last Modified Date | datetime | date
""",
    "tickets": """
subject | Ticket name | string | text
content | Ticket description | string | textarea
hs_pipeline | Pipeline | enumeration | select
hs_pipeline_stage | Ticket status | enumeration | select
hs_ticket_category | Category | enumeration | checkbox : PRODUCT_ISSUE BILLING_ISSUE FEATURE_REQUEST GENERAL_INQUIRY
hs_ticket_priority | Priority | enumeration | select : LOW MEDIUM HIGH URGENT
createdate | Create date | datetime | date
closed_date | Close date | datetime | date
time_to_close~ | Time to close | number | number
hs_lastmodifieddate~ | Last modified date | datetime | date
""",
    "notes": """
hs_note_body | Note body | string | html
hs_timestamp | Activity date | datetime | date
hs_attachment_ids | Attached file IDs | string | text
hs_createdate~ | Create date | datetime | date
hs_lastmodifieddate~ | Last modified date | datetime | date
""",
}
INDUSTRIES: Final = """
ACCOUNTING AIRLINES_AVIATION ALTERNATIVE_DISPUTE_RESOLUTION ALTERNATIVE_MEDICINE ANIMATION APPAREL_FASHION
ARCHITECTURE_PLANNING ARTS_AND_CRAFTS AUTOMOTIVE AVIATION_AEROSPACE BANKING BIOTECHNOLOGY BROADCAST_MEDIA
BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS CHEMICALS CIVIC_SOCIAL_ORGANIZATION CIVIL_ENGINEERING
COMMERCIAL_REAL_ESTATE COMPUTER_GAMES COMPUTER_HARDWARE COMPUTER_NETWORKING COMPUTER_NETWORK_SECURITY COMPUTER_SOFTWARE
CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES COSMETICS DAIRY DEFENSE_SPACE DESIGN
EDUCATION_MANAGEMENT ELECTRICAL_ELECTRONIC_MANUFACTURING ENTERTAINMENT ENVIRONMENTAL_SERVICES EVENTS_SERVICES E_LEARNING
EXECUTIVE_OFFICE FACILITIES_SERVICES FARMING FINANCIAL_SERVICES FINE_ART FISHERY FOOD_BEVERAGES FOOD_PRODUCTION
FUND_RAISING FURNITURE GAMBLING_CASINOS GLASS_CERAMICS_CONCRETE GOVERNMENT_ADMINISTRATION GOVERNMENT_RELATIONS
GRAPHIC_DESIGN HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITALITY HOSPITAL_HEALTH_CARE HUMAN_RESOURCES
IMPORT_AND_EXPORT INDIVIDUAL_FAMILY_SERVICES INDUSTRIAL_AUTOMATION INFORMATION_SERVICES
INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNATIONAL_AFFAIRS INTERNATIONAL_TRADE_AND_DEVELOPMENT INTERNET
INVESTMENT_BANKING INVESTMENT_MANAGEMENT JUDICIARY LAW_ENFORCEMENT LAW_PRACTICE LEGAL_SERVICES LEGISLATIVE_OFFICE
LEISURE_TRAVEL_TOURISM LIBRARIES LOGISTICS_AND_SUPPLY_CHAIN LUXURY_GOODS_JEWELRY MACHINERY MANAGEMENT_CONSULTING
MARITIME MARKETING_AND_ADVERTISING MARKET_RESEARCH MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MEDICAL_DEVICES
MEDICAL_PRACTICE MENTAL_HEALTH_CARE MILITARY MINING_METALS MOBILE_GAMES MOTION_PICTURES_AND_FILM
MUSEUMS_AND_INSTITUTIONS MUSIC NANOTECHNOLOGY NEWSPAPERS NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA
OUTSOURCING_OFFSHORING PACKAGE_FREIGHT_DELIVERY PACKAGING_AND_CONTAINERS PAPER_FOREST_PRODUCTS PERFORMING_ARTS
PHARMACEUTICALS PHILANTHROPY PHOTOGRAPHY PLASTICS POLITICAL_ORGANIZATION PRIMARY_SECONDARY_EDUCATION PRINTING
PROFESSIONAL_TRAINING_COACHING PROGRAM_DEVELOPMENT PUBLIC_POLICY PUBLIC_RELATIONS_AND_COMMUNICATIONS PUBLIC_SAFETY
PUBLISHING RAILROAD_MANUFACTURE RANCHING REAL_ESTATE RECREATIONAL_FACILITIES_AND_SERVICES RELIGIOUS_INSTITUTIONS
RENEWABLES_ENVIRONMENT RESEARCH RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SHIPBUILDING
SPORTING_GOODS SPORTS STAFFING_AND_RECRUITING SUPERMARKETS TELECOMMUNICATIONS TEXTILES THINK_TANKS TOBACCO
TRANSLATION_AND_LOCALIZATION TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY VETERINARY
WAREHOUSING WHOLESALE WINE_AND_SPIRITS WIRELESS WRITING_AND_EDITING
"""


@dataclass(frozen=True)
class Property:
    """What a property of an object type takes; `options` empty means that the choice depends on something else."""

    name: str
    label: str
    type: str
    field_type: str
    options: tuple[str, ...] = ()
    unique: bool = False
    read_only: bool = False


def _spelled(line: str) -> Property:
    spec, _, words = line.partition(" : ")
    name, label, kind, field = (part.strip() for part in spec.split("|"))
    options = (INDUSTRIES if words == "@INDUSTRIES" else words).split()
    return Property(name.rstrip("!~"), label, kind, field, tuple(options), name.endswith("!"), name.endswith("~"))


STANDARD: Final = {
    kind: {p.name: p for p in map(_spelled, (lines + _EVERYWHERE).strip().replace("\n\n", "\n").splitlines())}
    for kind, lines in _SPELLED.items()
}
