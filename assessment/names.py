"""Names of companies and people as they are compared: SQL, so that a million take seconds."""

from __future__ import annotations

from cleanco.clean import get_unique_terms

_SIGNS = r"[^\p{L}\p{N}]+"


def quoted(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def name_sql(column: str) -> str:
    """Return an expression for a name without case, accents, dots and signs."""
    bare = f"replace(replace(strip_accents(lower({column})), 'ß', 'ss'), '.', '')"
    joined = f"replace(replace({bare}, '&', ' and '), '+', ' and ')"
    return f"nullif(trim(regexp_replace({joined}, {quoted(_SIGNS)}, ' ', 'g')), '')"


def legal_forms_sql() -> str:
    """Return a query for the legal forms that cleanco knows, as `form`, each as `name_sql` writes it."""
    rows = ", ".join(f"({quoted(term)})" for term in sorted(get_unique_terms()))
    return f"SELECT DISTINCT {name_sql('term')} AS form FROM (VALUES {rows}) AS terms(term) WHERE form IS NOT NULL"


def company_sql(column: str, forms: list[str]) -> str:
    """Return an expression for a company's name without its legal forms at the end; a name of nothing else keeps it."""
    ending = f"(?: (?:{'|'.join(sorted(forms, key=lambda form: (-len(form), form)))}))+$"
    return f"regexp_replace({name_sql(column)}, {quoted(ending)}, '')"
