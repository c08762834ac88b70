"""What documents of each class say, and what all of them may say.

A phrase offers alternatives as `[one|another|]` and leaves slots as `{slot}`: `sender`, `party`,
`court` and `total` are facts of the document, the others are drawn anew each time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """A way of writing documents of one class, and how their columns usually look.

    `pages` is the median number of pages; `amount_rate`, `court_rate` and `inside_rate` are the
    shares of documents that have an amount, that have a court, and that come from a department
    rather than from a company.
    """

    label: str
    openings: tuple[str, ...]
    clauses: tuple[str, ...]
    closings: tuple[str, ...]
    pages: float
    amount_rate: float
    court_rate: float
    inside_rate: float


CONTRACT = (
    "Either party may terminate this [agreement|contract] on {days} days written notice.",
    "This [agreement|contract] is governed by the laws of the state in which {city} lies.",
    "[Neither party|No party] may assign its rights without the written consent of the other.",
    "The total fee under this [agreement|contract] shall not exceed {total} [in any year|].",
    "[The parties agree|It is agreed] that any dispute shall be settled by arbitration in {city}.",
    "The [obligations|duties] in section {small} survive the end of this agreement.",
    "Each party shall [keep|maintain] insurance of at least {amount} for the whole term.",
    "Liability of {party} is limited to the fees paid in the preceding {small} months.",
    "No change to this [agreement|contract] is valid unless it is signed by both parties.",
    "If any provision is held invalid, the [remaining|other] provisions stay in force.",
)
INVOICE = (
    "Subtotal {amount}, tax {rate} percent, total due {total}.",
    "[Payment is due|Please pay] within {days} days of the [invoice date|date above].",
    "Item {number}: {goods}, quantity {small}, unit price {amount}.",
    "Purchase order {number}, delivered to {city} on {date}.",
    "A late [fee|charge] of {rate} percent a month applies to overdue balances.",
    "Bill to {party}, attention {person}, {city}.",
    "Account {number}, previous balance {amount}, payments received {amount}.",
    "[Discount|Credit] of {rate} percent applied to {goods} as agreed.",
    "Amount payable in dollars by bank transfer, reference {number}.",
    "Hours billed {small}, rate {amount} an hour, charged to matter {number}.",
)
COURT_FILING = (
    "[Plaintiff|Defendant] {person} respectfully asks this [honorable|] court for relief.",
    "The court has jurisdiction over the [subject matter|parties] in case {number}.",
    "On {date} [defendant|plaintiff] served its answer and [denied every claim|a counterclaim].",
    "The [record|evidence] shows that {party} knew of the breach before {date}.",
    "[Counsel|Attorneys] for {party} met and conferred with opposing counsel on {date}.",
    "There is no genuine dispute of material fact as to the [second|third|first] cause of action.",
    "The declaration of {person} is attached as exhibit {small}.",
    "[Plaintiff|Claimant] seeks damages of {total} together with costs and interest.",
    "A hearing is [set|noticed] for {date} in courtroom {small}.",
    "The [motion|application] is opposed, and the opposition was filed on {date}.",
)
LETTER = (
    "[Thank you for|We have received] your [letter|message] of {date}.",
    "[Please let me know|Kindly tell us] if {date} would suit you for a call.",
    "I enclose a copy of the [signed agreement|invoice|notice] for your records.",
    "We were [glad|sorry] to hear from {person} about the [delivery|meeting|matter] in {city}.",
    "Our office in {city} will [gladly|also] answer any question that you may have.",
    "As [discussed|mentioned] on the telephone, we expect a reply within {days} days.",
    "[My colleague|Our partner] {person} will write to you separately about {goods}.",
    "We value our [long|good] relationship with {party} and hope to settle this amicably.",
    "You asked whether the sum of {total} is still open, and I can [confirm|explain] that.",
    "Please [accept|excuse] the delay in answering, which was due to the holidays.",
)
MEMO = (
    "[Please read|All staff should read] the attached [policy|note] before {date}.",
    "Action for {person}: [prepare|circulate] a first draft by {date}.",
    "[Teams|Managers] in {city} should tell their staff about this change [today|this week].",
    "This [supersedes|replaces] the note of {date} on the same subject.",
    "We decided to keep the budget for {goods} at {total}.",
    "[Questions go|Direct questions] to {person} on extension {number}.",
    "For internal use only, do not forward outside the [department|company].",
    "Attendance at the [briefing|training] on {date} is required.",
    "The [legal|finance|people] team will follow up with {person} next week.",
    "In short, the [risk|cost] is small and no further step is needed now.",
)
REPORT = (
    "Revenue [rose|fell] by {rate} percent to {total} in the [quarter|period] under review.",
    "[Figure|Table] {small} shows the [trend|breakdown] by region and by product.",
    "We [tested|sampled] {number} transactions and found {small} exceptions.",
    "The [main|principal] finding is that controls over {goods} need to be stronger.",
    "[Management|The board] accepted {small} of our recommendations.",
    "Compared with the previous [year|quarter], costs in {city} [grew|shrank] by {rate} percent.",
    "The [methodology|method] is described in appendix {small}.",
    "Our analysis [covers|is based on] data up to {date}.",
    "Risk is rated [low|medium|high] and should be reviewed again in {small} months.",
    "In conclusion, the outlook for {party} remains [stable|positive|uncertain].",
)

COMMON = (
    "{person} of {sender} is the contact in this matter.",
    "[A copy|The original] is kept in the office at {city}.",
    "The [amount|sum] of {amount} was confirmed on {date}.",
    "[See also|Compare] document {number} of {date}.",
    "{party} has been told about this [in writing|by telephone].",
    "The [relevant|applicable] period ends on {date}.",
    "[Further|Additional] details are given in the attachment.",
    "This concerns {goods} delivered to {party} in {city}.",
    "The [agreement|contract] with {party} of {date} remains in force.",
    "Invoice {number} over {amount} is [still open|attached|in dispute].",
    "The case before the {court} is [pending|closed|under review].",
    "The [quarterly|annual] report mentions this on page {small}.",
    "{person} and {person} [were present|took part|were copied].",
    "The deadline was [extended|moved] by {days} days.",
)
