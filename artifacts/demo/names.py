"""Invented people and companies, and the other words that fill the slots of phrases."""

WORDS: dict[str, tuple[str, ...]] = {
    "person": (
        "Amara Osei", "Bruno Keller", "Celia Marsh", "Dario Fontana", "Elin Strand",
        "Farid Nasser", "Greta Holm", "Hugo Vidal", "Ines Prado", "Jonas Weber",
        "Kemi Adeyemi", "Lucas Moreau", "Mei Tanaka", "Nora Quinn", "Oskar Lind",
    ),
    "city": (
        "Austin", "Boston", "Chicago", "Denver", "Dublin", "Geneva", "Hamburg", "London",
        "Lyon", "Madrid", "Oslo", "Osaka", "Seattle", "Singapore", "Sydney", "Toronto",
    ),
    "goods": (
        "cloud storage", "office furniture", "laboratory equipment", "packaging", "solar panels",
        "printer paper", "truck parts", "data licences", "cleaning services", "network switches",
        "training courses", "medical gloves", "warehouse space", "translation work",
    ),
    "month": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip

COURTS: dict[str, str] = {
    "NDCA": "Northern District of California",
    "SDNY": "Southern District of New York",
    "EDTX": "Eastern District of Texas",
    "DDEL": "District of Delaware",
    "NDIL": "Northern District of Illinois",
    "WDWA": "Western District of Washington",
    "CDCA": "Central District of California",
}

# Most frequent first; the last ones are rare.
COMPANIES = (
    "Northgate Supplies", "Harrow and Finch", "Bluewater Logistics", "Castell Energy",
    "Orrin Paper", "Tidemark Trust", "Vesper Labs", "Wrenfield Motors", "Sable Media",
    "Yarrow Textiles", "Ironbridge Tools", "Quillon Press", "Pemberly Dairy", "Zephyr Optics",
)  # fmt: skip
DEPARTMENTS = (
    "Legal Department", "Internal Audit", "Human Resources", "Accounts Payable", "Procurement",
    "Compliance Office", "Facilities", "Records Office",
)  # fmt: skip
PARTIES = (
    "Alder Foods", "Brightwell Clinics", "Cobalt Freight", "Dunmore Textiles", "Eastbrook Homes",
    "Fennel Software", "Garnet Mining", "Hollis Pharma", "Juniper Hotels", "Kestrel Airports",
    "Larkfield Farms", "Mosswood Schools",
)  # fmt: skip
