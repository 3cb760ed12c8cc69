"""HubSpot's CRM, shaped from HubSpot's OpenAPI documents."""
