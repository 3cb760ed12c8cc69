"""The CRM: the system of record for accounts, contacts and opportunities."""
