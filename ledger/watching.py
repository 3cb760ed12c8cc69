"""What the ledger says an outside record should hold: what we wrote last, what was approved, what was agreed."""

from __future__ import annotations

from typing import Final

from lifecycle.reconciling import Kind

RECENT = """(c.stage <> ALL(CAST(:over AS text[])) OR c.changed_at > now() - make_interval(days => :days))"""
CASE = "c.id AS case_id, c.owner"
LAST_WRITTEN = """
SELECT jsonb_object_agg(f.key, jsonb_build_object('value', f.value, 'at', e.finished_at) ORDER BY e.finished_at) AS fields
FROM effects e JOIN images m ON m.effect_key = e.key CROSS JOIN jsonb_each(m.after) f
WHERE e.system = :system AND e.vendor_id = r.vendor_id AND e.state = 'done' AND e.undo = ANY(CAST(:undos AS text[]))
"""
"""Of several changes of a field the latest one counts."""

RECORDS: Final = {
    Kind.DEAL: f"""
SELECT r.vendor_id, {CASE}, w.fields FROM cases c
CROSS JOIN LATERAL (SELECT c.crm_deal_id AS vendor_id) r CROSS JOIN LATERAL ({LAST_WRITTEN}) w
WHERE {RECENT} AND w.fields IS NOT NULL AND {{ids}}
""",  # noqa: S608
    Kind.CUSTOMER: f"""
SELECT r.vendor_id, {CASE}, w.fields
FROM (SELECT DISTINCT vendor_id, case_id FROM effects WHERE system = :system AND step = 'upsert_customer' AND state = 'done') r
JOIN cases own ON own.id = r.case_id
CROSS JOIN LATERAL (SELECT * FROM cases o WHERE o.account_id = own.account_id OR o.id = own.id
                    ORDER BY o.changed_at DESC LIMIT 1) c
CROSS JOIN LATERAL ({LAST_WRITTEN}) w
WHERE {RECENT} AND w.fields IS NOT NULL AND {{ids}}
""",  # noqa: S608
    Kind.DOCUMENT: f"""
SELECT DISTINCT ON (c.id) r.vendor_id, {CASE},
       jsonb_build_object('content', jsonb_build_object('value', r.content_hash)) AS fields
FROM documents r JOIN cases c ON c.id = r.case_id WHERE r.content_hash IS NOT NULL AND {RECENT} AND {{ids}}
ORDER BY c.id, r.version DESC
""",  # noqa: S608
    Kind.INVOICE: f"""
SELECT DISTINCT ON (c.id) r.vendor_id, {CASE},
       (SELECT jsonb_build_object('minor', sum(a.minor), 'currency', min(a.currency)) FROM continuity a
        WHERE a.case_id = c.id AND a.kind IN ('approved', 'changed')) AS agreed
FROM (SELECT reference AS vendor_id, case_id, id, minor FROM continuity WHERE kind = 'invoiced') r
JOIN cases c ON c.id = r.case_id
WHERE r.minor > 0 AND r.vendor_id IS NOT NULL AND {RECENT} AND {{ids}}
  AND NOT EXISTS (SELECT 1 FROM continuity v WHERE v.case_id = c.id AND v.kind = 'invoiced' AND v.minor < 0 AND v.id > r.id)
ORDER BY c.id, r.id DESC
""",  # noqa: S608
}
"""By kind the records of deals that are open, or ended lately, each with the fields that it should hold."""
BY_LOOK = """
SELECT q.vendor_id FROM ({records}) q
LEFT JOIN (SELECT vendor_id, min(at) AS at FROM looks WHERE system = :system GROUP BY vendor_id) l USING (vendor_id)
GROUP BY q.vendor_id, l.at ORDER BY l.at NULLS FIRST, q.vendor_id
"""
ALL, SOME = "true", "r.vendor_id = ANY(CAST(:ids AS text[]))"

LEFT_ALONE = """
SELECT case_id FROM inbox WHERE case_id = ANY(CAST(:cases AS uuid[])) AND status = 'running'
UNION SELECT case_id FROM effects WHERE case_id = ANY(CAST(:cases AS uuid[])) AND system = :system
  AND state IN ('intended', 'uncertain') AND step <> :put_back
"""
"""Deals that somebody works on right now, or of which nobody knows what was done: what stands outside may be ours."""
ON_THE_WAY = """
SELECT case_id FROM inbox WHERE case_id = ANY(CAST(:cases AS uuid[]))
  AND status IN ('received', 'waiting', 'parked', 'quarantined')
"""
"""Deals that a person may have moved by the event that is here already."""
