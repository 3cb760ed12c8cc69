"""The billing system: the system of record for invoices and payments."""
