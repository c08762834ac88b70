"""The twelve styles that have always come in, two of each class."""

from artifacts.demo.phrases import CONTRACT, COURT_FILING, INVOICE, LETTER, MEMO, REPORT, Style

EVERYDAY: dict[str, Style] = {
    "service_agreement": Style(
        label="contract",
        openings=(
            "This service agreement is [made|entered into] on {date} between {sender} and {party}.",
            "Master services agreement no. {number} [by and|] between {sender} and {party}.",
            "{sender} (the supplier) and {party} (the client) agree [as follows|the following].",
        ),
        clauses=(
            *CONTRACT,
            "The supplier shall [provide|deliver] {goods} in accordance with schedule {small}.",
            "The client shall pay {amount} a month [in arrears|in advance].",
            "The initial term is {small} years and renews [automatically|by agreement].",
        ),
        closings=(
            "In witness whereof the parties have signed [on the date above|below].",
            "Signed for {sender} by {person} and for {party} by {person}.",
        ),
        pages=14,
        amount_rate=0.3,
        court_rate=0.03,
        inside_rate=0.1,
    ),
    "confidentiality_agreement": Style(
        label="contract",
        openings=(
            "Mutual confidentiality agreement between {sender} and {party}, effective {date}.",
            "The [disclosing|receiving] party, {sender}, and {party} enter into this agreement.",
            "{sender} and {party} wish to explore a [transaction|joint project] in confidence.",
        ),
        clauses=(
            *CONTRACT,
            "Confidential information means [any|all] data about {goods} disclosed in any form.",
            "The receiving party shall return or destroy every copy within {days} days.",
            "The [duty|obligation] of secrecy lasts {small} years from the date of disclosure.",
        ),
        closings=(
            "Executed in two counterparts in {city}.",
            "Signed by the duly authorised representatives of [both|the] parties.",
        ),
        pages=6,
        amount_rate=0.08,
        court_rate=0.03,
        inside_rate=0.15,
    ),
    "supply_invoice": Style(
        label="invoice",
        openings=(
            "Invoice {number}, [dated|date] {date}, from {sender} to {party}.",
            "[Tax invoice|Commercial invoice] no. {number}. Customer {party}, {city}.",
            "{sender} invoice for {goods}, order {number}, shipped {date}.",
        ),
        clauses=(
            *INVOICE,
            "Freight and handling {amount}, insurance {amount}.",
            "Goods remain the property of {sender} until paid in full.",
            "Delivery note {number}, carrier collected on {date}.",
        ),
        closings=(
            "Thank you for your [business|order].",
            "Remit {total} to {sender}, account {number}.",
        ),
        pages=1.6,
        amount_rate=0.9,
        court_rate=0.01,
        inside_rate=0.05,
    ),
    "retainer_bill": Style(
        label="invoice",
        openings=(
            "Statement of fees for [legal|professional] services, matter {number}, {party}.",
            "{sender} bills {party} for services [rendered|provided] through {date}.",
            "Fee note {number} of {date} in the matter of {party}.",
        ),
        clauses=(
            *INVOICE,
            "{person}, {small} hours, review of the [contract|motion|report], {amount}.",
            "Disbursements: court fees {amount}, travel to {city} {amount}.",
            "Retainer of {amount} applied, balance {total}.",
        ),
        closings=(
            "Total due on receipt: {total}.",
            "Please quote matter {number} with your [payment|transfer].",
        ),
        pages=2.5,
        amount_rate=0.85,
        court_rate=0.08,
        inside_rate=0.05,
    ),
    "motion": Style(
        label="court_filing",
        openings=(
            "In the {court}. Case no. {number}. Motion [to dismiss|for summary judgment].",
            "{court}, {sender} v. {party}. [Notice of motion|Opposition to motion].",
            "Defendant {party} [moves|hereby moves] the {court} for an order.",
        ),
        clauses=(
            *COURT_FILING,
            "The standard for [dismissal|summary judgment] is well settled.",
            "The court should [grant|deny] the motion for the [reasons|grounds] stated below.",
            "Memorandum of points and authorities in support of the motion, page {small}.",
        ),
        closings=(
            "Respectfully submitted, {person}, attorney for [plaintiff|defendant].",
            "Dated {date}. Proof of service attached.",
        ),
        pages=11,
        amount_rate=0.06,
        court_rate=0.85,
        inside_rate=0.03,
    ),
    "complaint": Style(
        label="court_filing",
        openings=(
            "Complaint for [breach of contract|damages], {court}, jury trial demanded.",
            "Plaintiff {sender} [alleges|complains] against defendant {party} as follows.",
            "{sender}, plaintiff, v. {party}, defendant. Civil action {number}, {court}.",
        ),
        clauses=(
            *COURT_FILING,
            "Defendant [failed|refused] to pay {amount} for {goods} and is in breach.",
            "Plaintiff [realleges|incorporates] paragraphs 1 to {small} by reference.",
            "Venue is proper because the events took place in {city}.",
        ),
        closings=(
            "Wherefore plaintiff prays for judgment [against defendant|as set out above].",
            "Plaintiff demands a trial by jury. {person}, counsel.",
        ),
        pages=16,
        amount_rate=0.15,
        court_rate=0.8,
        inside_rate=0.03,
    ),
    "business_letter": Style(
        label="letter",
        openings=(
            "Dear {person}, [thank you|many thanks] for your visit to {city}.",
            "Dear [Sir or Madam|colleagues], I am writing [to you|] about {goods}.",
            "{sender}, {city}, {date}. Dear {person},",
        ),
        clauses=(
            *LETTER,
            "We would be [delighted|happy] to welcome you at our office in {city}.",
            "Our new catalogue of {goods} will reach you in the coming weeks.",
            "I look forward to working with you and your team at {party}.",
        ),
        closings=(
            "[Yours sincerely|Kind regards|With best wishes], {person}.",
            "I look forward to hearing from you. Yours [truly|faithfully], {person}.",
        ),
        pages=1.5,
        amount_rate=0.06,
        court_rate=0.03,
        inside_rate=0.2,
    ),
    "demand_letter": Style(
        label="letter",
        openings=(
            "Dear {person}, we [act for|represent] {sender} in its dispute with {party}.",
            "Without prejudice. Dear {person}, we write on behalf of {sender}.",
            "By registered mail, {date}. Dear {person}, our client {sender} has instructed us.",
        ),
        clauses=(
            *LETTER,
            "Our client [will|intends to] bring a claim in the {court} unless you respond.",
            "You are [asked|invited] to make good the breach of the contract of {date}.",
            "Our client reserves all [its|] rights, including damages of {amount}.",
        ),
        closings=(
            "Yours [faithfully|sincerely], {person}, for {sender}.",
            "We await your [prompt|] reply. {person}, counsel.",
        ),
        pages=2.2,
        amount_rate=0.25,
        court_rate=0.1,
        inside_rate=0.15,
    ),
    "policy_memo": Style(
        label="memo",
        openings=(
            "Memorandum. To: all staff. From: {person}, {sender}. Subject: {goods}.",
            "To: [managers|all employees]. From: {sender}. Re: new policy from {date}.",
            "Internal memo of {date}. Subject: [travel|expenses|security|records] policy.",
        ),
        clauses=(
            *MEMO,
            "[From|Starting] {date} every purchase above {amount} needs two approvals.",
            "Staff must [store|file] records in the shared archive within {days} days.",
            "Exceptions are [granted|approved] by {person} only.",
        ),
        closings=(
            "Distribution: all [departments|offices].",
            "[Thanks|Thank you all], {person}.",
        ),
        pages=1.8,
        amount_rate=0.06,
        court_rate=0.02,
        inside_rate=0.85,
    ),
    "case_memo": Style(
        label="memo",
        openings=(
            "Memo to file, {date}. Matter {number}, {party}. Privileged and confidential.",
            "To: {person}. From: {person}. Re: {party}, [strategy|next steps].",
            "File note of a [call|meeting] with {person} on {date}, {sender}.",
        ),
        clauses=(
            *MEMO,
            "The question is whether {party} can [enforce|avoid] the clause on {goods}.",
            "The short answer is [probably yes|probably not|unclear], see below.",
            "The {court} has gone both ways on this, so we should be careful.",
        ),
        closings=(
            "Next step: {person} to [report back|check] by {date}.",
            "Please treat this note as [privileged|confidential].",
        ),
        pages=3,
        amount_rate=0.06,
        court_rate=0.1,
        inside_rate=0.75,
    ),
    "audit_report": Style(
        label="report",
        openings=(
            "Audit report on {goods}, {sender}, [final|draft] version of {date}.",
            "Report of the [internal|external] auditors on {party}, period ended {date}.",
            "Executive summary. {sender} [reviewed|audited] the controls at {party}.",
        ),
        clauses=(
            *REPORT,
            "The audit was [carried out|performed] in {city} between {date} and {date}.",
            "[Three|Four|Several] findings remain open from the previous audit.",
            "In our opinion the accounts give a fair view [in all material respects|].",
        ),
        closings=(
            "Prepared by {person}, reviewed by {person}.",
            "End of report. Appendix {small} lists the [samples|documents] examined.",
        ),
        pages=22,
        amount_rate=0.12,
        court_rate=0.02,
        inside_rate=0.6,
    ),
    "quarterly_report": Style(
        label="report",
        openings=(
            "Quarterly report of {sender}, [period ended|as of] {date}.",
            "Results for the quarter: {sender}, {city}. Key figures [and outlook|].",
            "Market report on {goods}, prepared for {party} by {person}.",
        ),
        clauses=(
            *REPORT,
            "Operating [margin|profit] was {rate} percent, against {rate} percent a year ago.",
            "Sales of {goods} in the region [exceeded|missed] the forecast.",
            "Headcount at the end of the period was {number}.",
        ),
        closings=(
            "The figures in this report are [unaudited|preliminary].",
            "The next report will be [published|released] on {date}.",
        ),
        pages=28,
        amount_rate=0.15,
        court_rate=0.01,
        inside_rate=0.5,
    ),
}
