"""What documents say.

A phrase offers alternatives as `[one|another|]` and leaves slots as `{slot}`: `sender`, `party`,
`court` and `total` are facts of the document, the others are drawn anew each time.
"""

__all__ = ["COMMON", "OF_CLASS", "OF_STYLE"]


def _phrases(text: str) -> tuple[str, ...]:
    """Return the lines of a text."""
    return tuple(line.strip() for line in text.strip().splitlines())


COMMON = _phrases("""
    {person} of {sender} is the contact in this matter.
    [A copy|The original] is kept in the office at {city}.
    The [amount|sum] of {amount} was confirmed on {date}.
    [See also|Compare] document {number} of {date}.
    {party} has been told about this [in writing|by telephone].
    The [relevant|applicable] period ends on {date}.
    This concerns {goods} delivered to {party} in {city}.
    The [agreement|contract] with {party} of {date} remains in force.
    Invoice {number} over {amount} is [still open|attached|in dispute].
    The case before the {court} is [pending|closed|under review].
    The [quarterly|annual] report mentions this on page {small}.
    The deadline was [extended|moved] by {days} days.
""")
"""What any document may say."""

OF_CLASS = {
    label: _phrases(text)
    for label, text in {
        "contract": """
            Either party may terminate this [agreement|contract] on {days} days written notice.
            This [agreement|contract] is governed by the laws of the state in which {city} lies.
            [Neither party|No party] may assign its rights without written consent of the other.
            The total fee under this [agreement|contract] shall not exceed {total} [in any year|].
            [The parties agree|It is agreed] that disputes are settled by arbitration in {city}.
            The [obligations|duties] in section {small} survive the end of this agreement.
            Liability of {party} is limited to the fees paid in the preceding {small} months.
            No change to this [agreement|contract] is valid unless it is signed by both parties.
        """,
        "invoice": """
            Subtotal {amount}, tax {rate} percent, total due {total}.
            [Payment is due|Please pay] within {days} days of the [invoice date|date above].
            Item {number}: {goods}, quantity {small}, unit price {amount}.
            Purchase order {number}, delivered to {city} on {date}.
            A late [fee|charge] of {rate} percent a month applies to overdue balances.
            Bill to {party}, attention {person}, {city}.
            Account {number}, previous balance {amount}, payments received {amount}.
            Hours billed {small}, rate {amount} an hour, charged to matter {number}.
        """,
        "court_filing": """
            [Plaintiff|Defendant] {person} respectfully asks this [honorable|] court for relief.
            The court has jurisdiction over the [subject matter|parties] in case {number}.
            On {date} [defendant|plaintiff] served its answer and [denied it all|a counterclaim].
            The [record|evidence] shows that {party} knew of the breach before {date}.
            [Counsel|Attorneys] for {party} met and conferred with opposing counsel on {date}.
            There is no genuine dispute of material fact as to the [second|first] cause of action.
            [Plaintiff|Claimant] seeks damages of {total} together with costs and interest.
            A hearing is [set|noticed] for {date} in courtroom {small}.
        """,
        "letter": """
            [Thank you for|We have received] your [letter|message] of {date}.
            [Please let me know|Kindly tell us] if {date} would suit you for a call.
            I enclose a copy of the [signed agreement|invoice|notice] for your records.
            We were [glad|sorry] to hear from {person} about the [delivery|matter] in {city}.
            Our office in {city} will [gladly|also] answer any question that you may have.
            As [discussed|mentioned] on the telephone, we expect a reply within {days} days.
            We value our [long|good] relationship with {party} and hope to settle this amicably.
            You asked whether the sum of {total} is still open, and I can [confirm|explain] that.
        """,
        "memo": """
            [Please read|All staff should read] the attached [policy|note] before {date}.
            Action for {person}: [prepare|circulate] a first draft by {date}.
            [Teams|Managers] in {city} should tell their staff about this change [today|this week].
            This [supersedes|replaces] the note of {date} on the same subject.
            We decided to keep the budget for {goods} at {total}.
            [Questions go|Direct questions] to {person} on extension {number}.
            For internal use only, do not forward outside the [department|company].
            The [legal|finance|people] team will follow up with {person} next week.
        """,
        "report": """
            Revenue [rose|fell] by {rate} percent to {total} in the [quarter|period] under review.
            [Figure|Table] {small} shows the [trend|breakdown] by region and by product.
            We [tested|sampled] {number} transactions and found {small} exceptions.
            The [main|principal] finding is that controls over {goods} need to be stronger.
            [Management|The board] accepted {small} of our recommendations.
            Compared with the last [year|quarter], costs in {city} [grew|shrank] by {rate} percent.
            The [methodology|method] is described in appendix {small}.
            Risk is rated [low|medium|high] and should be reviewed again in {small} months.
        """,
    }.items()
}
"""What documents of each class may say."""

OF_STYLE = {
    style: _phrases(text)
    for style, text in {
        "service_agreement": """
            This service agreement is [made|entered into] on {date} between {sender} and {party}.
            Master services agreement no. {number} [by and|] between {sender} and {party}.
            The supplier shall [provide|deliver] {goods} in accordance with schedule {small}.
            The client shall pay {amount} a month [in arrears|in advance].
            In witness whereof the parties have signed [on the date above|below].
        """,
        "confidentiality_agreement": """
            Mutual confidentiality agreement between {sender} and {party}, effective {date}.
            The [disclosing|receiving] party, {sender}, and {party} enter into this agreement.
            Confidential information means [any|all] data about {goods} disclosed in any form.
            The receiving party shall return or destroy every copy within {days} days.
            Executed in two counterparts in {city}.
        """,
        "supply_invoice": """
            Invoice {number}, [dated|date] {date}, from {sender} to {party}.
            [Tax invoice|Commercial invoice] no. {number}. Customer {party}, {city}.
            Freight and handling {amount}, insurance {amount}.
            Goods remain the property of {sender} until paid in full.
            Thank you for your [business|order].
        """,
        "retainer_bill": """
            Statement of fees for [legal|professional] services, matter {number}, {party}.
            {sender} bills {party} for services [rendered|provided] through {date}.
            {person}, {small} hours, review of the [contract|motion|report], {amount}.
            Disbursements: court fees {amount}, travel to {city} {amount}.
            Total due on receipt: {total}.
        """,
        "motion": """
            In the {court}. Case no. {number}. Motion [to dismiss|for summary judgment].
            {court}, {sender} v. {party}. [Notice of motion|Opposition to motion].
            The standard for [dismissal|summary judgment] is well settled.
            The court should [grant|deny] the motion for the [reasons|grounds] stated below.
            Respectfully submitted, {person}, attorney for [plaintiff|defendant].
        """,
        "complaint": """
            Complaint for [breach of contract|damages], {court}, jury trial demanded.
            Plaintiff {sender} [alleges|complains] against defendant {party} as follows.
            Defendant [failed|refused] to pay {amount} for {goods} and is in breach.
            Plaintiff [realleges|incorporates] paragraphs 1 to {small} by reference.
            Wherefore plaintiff prays for judgment [against defendant|as set out above].
        """,
        "business_letter": """
            Dear {person}, [thank you|many thanks] for your visit to {city}.
            Dear [Sir or Madam|colleagues], I am writing [to you|] about {goods}.
            We would be [delighted|happy] to welcome you at our office in {city}.
            Our new catalogue of {goods} will reach you in the coming weeks.
            [Yours sincerely|Kind regards|With best wishes], {person}.
        """,
        "demand_letter": """
            Dear {person}, we [act for|represent] {sender} in its dispute with {party}.
            Without prejudice. Dear {person}, we write on behalf of {sender}.
            Our client [will|intends to] bring a claim in the {court} unless you respond.
            You are [asked|invited] to make good the breach of the contract of {date}.
            Yours [faithfully|sincerely], {person}, for {sender}.
        """,
        "policy_memo": """
            Memorandum. To: all staff. From: {person}, {sender}. Subject: {goods}.
            To: [managers|all employees]. From: {sender}. Re: new policy from {date}.
            [From|Starting] {date} every purchase above {amount} needs two approvals.
            Staff must [store|file] records in the shared archive within {days} days.
            Distribution: all [departments|offices].
        """,
        "case_memo": """
            Memo to file, {date}. Matter {number}, {party}. Privileged and confidential.
            To: {person}. From: {person}. Re: {party}, [strategy|next steps].
            The question is whether {party} can [enforce|avoid] the clause on {goods}.
            The short answer is [probably yes|probably not|unclear], see below.
            Next step: {person} to [report back|check] by {date}.
        """,
        "audit_report": """
            Audit report on {goods}, {sender}, [final|draft] version of {date}.
            Report of the [internal|external] auditors on {party}, period ended {date}.
            The audit was [carried out|performed] in {city} between {date} and {date}.
            [Three|Four|Several] findings remain open from the previous audit.
            Prepared by {person}, reviewed by {person}.
        """,
        "quarterly_report": """
            Quarterly report of {sender}, [period ended|as of] {date}.
            Results for the quarter: {sender}, {city}. Key figures [and outlook|].
            Operating [margin|profit] was {rate} percent, against {rate} percent a year ago.
            Sales of {goods} in the region [exceeded|missed] the forecast.
            The figures in this report are [unaudited|preliminary].
        """,
        "amendment_letter": """
            Dear {person}, [this letter|the present letter] amends the agreement of {date}.
            Amendment letter no. {small} to the agreement between {sender} and {party}.
            Clause {small} is deleted and replaced by the [wording|text] set out in this letter.
            With effect from {date} the monthly fee is [raised|lowered] to {amount}.
            Words defined in the [original|principal] agreement have the same meaning here.
            Save as varied by this letter, the agreement [continues unchanged|stays as it is].
            The expiry date is [moved|extended] to {date} on the same terms.
            The schedule of {goods} is replaced by the one enclosed with this letter.
            Please [countersign|sign] the enclosed duplicate if you accept the variation.
            The variation takes effect once {party} has returned the countersigned duplicate.
            Yours sincerely, {person}. Acknowledged and accepted: {person} for {party}.
        """,
        "payment_reminder": """
            Dear {person}, [a friendly|our second] reminder that invoice {number} is unpaid.
            Dear {person}, our ledger still [shows|lists] {total} outstanding from {party}.
            The outstanding items are listed below with their [numbers|dates] and balances.
            Reminder level {small}, dunning charge {amount}, original due date {date}.
            If your transfer has crossed with this reminder, [please disregard|ignore] it.
            We have not yet [seen|booked] your remittance for {goods}.
            Kindly settle the outstanding {total} by {date} at the latest.
            If you cannot settle at once, [call|ask] {person} about paying in instalments.
            After {date} we shall have to stop further shipments of {goods}.
            A statement of the outstanding items is printed [overleaf|below].
            Yours sincerely, {person}, credit control. Outstanding: {total}.
        """,
        "status_note": """
            To: steering group. From: {person}. Weekly status, [project|programme] {goods}.
            Status note for {person}, week of {date}: [green|amber|red].
            Milestone {small} was [reached|missed], and milestone {small} is on track.
            Workstream {goods}: {rate} percent complete, [amber|green|red].
            Spent to date {amount} of {total}, the burn is [as planned|above plan].
            Blocker: waiting for {party} to [deliver|approve] the interface.
            Since last week {person} closed {small} tickets and opened {small}.
            Done: [migration|rollout|pilot] in {city}. Doing: handover to {person}.
            Ask of the steering group: [approve|note] the new milestone date of {date}.
            The top blockers and milestones are on the one page [attached|below].
            Traffic light overall: [green|amber|red]. {person}.
        """,
        "e_signed_order": """
            Envelope {number} completed on {date}. Order form accepted online by {person}.
            Certificate of completion, envelope {number}, sent by {sender}, status completed.
            Signer {person}, authenticated by [e-mail|text message], viewed and signed {date}.
            By clicking accept the subscriber is bound by the online [terms|agreement].
            Subscription tier {small}, {small} seats, billed {amount} [yearly|monthly].
            The subscription renews for successive terms unless cancelled in the console.
            Audit trail: created {date}, delivered {date}, [completed|signed] {date}.
            Signature adopted: preselected style, address recorded, consent to e-records.
            Envelope sealed, hash {number}.
        """,
        "e_invoice": """
            Document type 380, issue date {date}, supplier {sender}, buyer {party}.
            Electronic billing document {number}, profile basic, buyer endpoint {number}.
            Line {small}: {goods}, unit code EA, base quantity {small}, net {amount}.
            Tax category S, [rate|percent] {rate}, taxable {amount}, exclusive {amount}.
            Payable rounding zero, inclusive {amount}, payable {total}.
            Payment means code 30, remittance identifier {number}, [due|terms] {date}.
            Buyer reference {number}, contract document reference {number}.
            Accounting period from {date} to {date}, tax point {date}.
            End of message, digest {number}.
        """,
        "e_filing": """
            Notice of electronic filing. The following transaction was entered on {date}.
            E-filing receipt: submission {number} [accepted|received] {date} by the clerk portal.
            Docket text: [motion|answer|brief|notice] uploaded by {person}, {small} attachments.
            Filing fee {amount} [paid|charged] by card, receipt number {number}.
            Notice has been electronically mailed to {person} and {person}.
            Document description: main document, file name {number}, size {number} bytes.
            Electronic document stamp: date {date}, file number {number}.
            Filer {person}, account of {sender}, submitted [through the portal|online].
            This message was generated by the portal, do not reply.
        """,
    }.items()
}
"""What documents of each style may say: two openings, then clauses, then the closing."""
