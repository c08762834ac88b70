"""The styles that documents are written in: everyday ones, disputed ones, and new ones."""

from dataclasses import dataclass

__all__ = ["DISPUTED", "EVERYDAY", "NEW", "STYLES", "Style"]


@dataclass(frozen=True, slots=True)
class Style:
    """A way of writing documents of one class.

    `share` is its part of its group. `pages` is the median number of pages; `amount_rate`,
    `court_rate` and `inside_rate` are the parts of the documents that have an amount, that have a
    court, and that come from a department rather than from a company. `class_phrases` counts the
    phrases of the class that the style shares.
    """

    label: str
    share: float
    pages: float
    amount_rate: float
    court_rate: float
    inside_rate: float
    class_phrases: int = 8


EVERYDAY = {
    "service_agreement": Style("contract", 0.11, 14, 0.3, 0.03, 0.1),
    "confidentiality_agreement": Style("contract", 0.09, 6, 0.08, 0.03, 0.15),
    "supply_invoice": Style("invoice", 0.13, 1.6, 0.9, 0.01, 0.05),
    "retainer_bill": Style("invoice", 0.08, 2.5, 0.85, 0.08, 0.05),
    "motion": Style("court_filing", 0.09, 11, 0.06, 0.85, 0.03),
    "complaint": Style("court_filing", 0.07, 16, 0.15, 0.8, 0.03),
    "business_letter": Style("letter", 0.1, 1.5, 0.06, 0.03, 0.2),
    "demand_letter": Style("letter", 0.07, 2.2, 0.25, 0.1, 0.15),
    "policy_memo": Style("memo", 0.07, 1.8, 0.06, 0.02, 0.85),
    "case_memo": Style("memo", 0.06, 3, 0.06, 0.1, 0.75),
    "audit_report": Style("report", 0.06, 22, 0.12, 0.02, 0.6),
    "quarterly_report": Style("report", 0.07, 28, 0.15, 0.01, 0.5),
}
"""What has always come in: two styles of each class."""

DISPUTED = {
    "amendment_letter": Style("contract", 0.6, 2, 0.2, 0.02, 0.15, 0),
    "payment_reminder": Style("letter", 0.2, 1.3, 0.5, 0.01, 0.15, 0),
    "status_note": Style("memo", 0.2, 2.5, 0.08, 0.01, 0.8, 0),
}
"""What two labellers may call differently."""

NEW = {
    "e_signed_order": Style("contract", 0.3, 3, 0.3, 0.01, 0.2, 3),
    "e_invoice": Style("invoice", 0.35, 1.2, 0.75, 0.01, 0.1, 3),
    "e_filing": Style("court_filing", 0.35, 2, 0.3, 0.25, 0.2, 3),
}
"""What came up after the champion was trained."""

STYLES = EVERYDAY | DISPUTED | NEW
