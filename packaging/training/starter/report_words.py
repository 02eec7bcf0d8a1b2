"""Words that invented reports are made of."""


def listed(text):
    """Items apart by semicolons, over several lines."""
    return [" ".join(item.split()) for item in text.split(";")]


PLACES = listed("""
    Germany; France; Spain; Italy; Norway; Sweden; Poland; Turkey; India; Japan; Kenya; Brazil; Chile; Mexico;
    Canada; Vietnam; Indonesia; Ghana; Egypt; Peru; Ireland; Portugal; Austria; Finland; Morocco; Thailand;
    Malaysia; Iceland; Estonia; Latvia; Uganda; Nepal; Latin America; North America; Asia Pacific; Middle East;
    Africa; Europe; the Nordic region; South Korea; New Zealand; the northern plant; the Osaka plant; the Rotterdam
    plant; the Energy division; the Retail segment; the Health division; the Consumer segment; the Industrial
    segment
""")
TOWNS = listed("""
    Ashford; Brenwick; Caldmoor; Dunhaven; Eastmere; Fallowby; Grantley; Hartwell; Ilverton; Kestrel; Langholm;
    Marlow; Northgate; Oakridge; Penrose; Quarrydale; Redcliff; Stonebridge; Thornbury; Upwell; Wexcombe; Yarrow;
    Aldersey; Briarton; Crosswick; Delmont; Elmfield; Frostburg; Holloway
""")
FIRST = listed("""
    Elena; Grace; Chen; Amara; Rahul; Ingrid; Peter; Yuki; Tomas; Sofia; Lucas; Maria; David; Aisha; Olga; Henrik;
    Fatima; Jonas; Priya; Carlos; Hannah; Mateo; Linh; Kwame; Beatriz; Oskar; Nadia; Victor; Leila; Samuel; Ruth;
    Andrei; Clara; Femi; Julia; Marco
""")
LAST = listed("""
    Petrova; Mwangi; Wei; Diallo; Mehta; Solberg; Novak; Tanaka; Herrera; Rossi; Moreau; Okafor; Kim; Khan;
    Lindqvist; Brandt; Costa; Osei; Walsh; Nguyen; Fischer; Haddad; Kowalski; Duarte; Larsen; Mendes; Popescu; Sato;
    Bergman; Adeyemi; Carver; Whitlock; Sandoval; Pereira
""")
ROLES = listed("""
    chief executive; chief financial officer; chair of the audit committee; head of research; plant manager; chief
    economist; general counsel; project director; programme lead; lead author; head of procurement; director of
    operations; chair of the board; company secretary; head of sustainability; regional director
""")
# What short notes speak of, in any order.
NOTE_MEASURES = listed("""
    net revenue; gross margin; operating income; free cash flow; net debt; headcount; order backlog; market share;
    tax rate; capital expenditure; dividend per share; return on equity; working capital; interest expense; research
    and development; inventory turnover; customer churn; warranty claims; units shipped; average selling price;
    orders received; cost of sales; loan losses; deposits; reserve ratio; inflation; unemployment rate; public debt;
    housing starts; retail sales; export volume; literacy rate; school enrolment; hospital admissions; vaccination
    rate; road fatalities; rainfall; mean temperature; sea level rise; forest cover; crop yield; water use; energy
    use; scope 1 emissions; scope 2 emissions; recycling rate; grid losses; installed capacity; rail freight;
    passenger traffic; software spend; server uptime; support tickets; patent filings; active customers; wholesale
    price
""")
# Rows of statements: amounts of money.
MONEY_ROWS = listed("""
    Revenue; Net sales; Cost of sales; Cost of revenue; Gross profit; Research and development; Selling, general and
    administrative; Marketing expenses; Operating profit; Operating income; Interest expense; Interest income;
    Finance costs; Income tax expense; Net income; Net loss; Profit before tax; Depreciation; Amortization of
    intangible assets; Impairment of goodwill; Restructuring charges; Share-based compensation; Trade receivables;
    Inventories; Raw materials; Work in progress; Finished goods; Cash and cash equivalents; Property, plant and
    equipment; Goodwill; Intangible assets; Total assets; Trade payables; Accrued liabilities; Deferred revenue;
    Long-term debt; Lease liabilities; Pension obligations; Deferred tax assets; Deferred tax liabilities; Total
    equity; Retained earnings; Dividends paid; Purchases of property and equipment; Proceeds from borrowings;
    Repayment of borrowings; Net cash from operating activities; Service cost; Interest cost; Actuarial gain;
    Benefits paid; Other income; Other expenses; Grants received; Membership fees; Salaries and wages; Travel; Rent
    and utilities; Insurance; Legal fees; Audit fees; Advertising; Customer deposits; Warranty provision; Staff
    costs; Licence fees; Maintenance; Fuel and energy; Donations; Ticket sales; Tuition fees; Capital additions;
    Taxation
""")
# Rows of statements: counts.
COUNT_ROWS = listed("""
    Employees; Full-time staff; Part-time staff; Stores; Patients treated; Outpatient visits; Surgical operations;
    Pupils enrolled; Teachers; Passengers carried; Flights operated; Vehicles registered; Households connected;
    Complaints received; Complaints resolved; Applications received; Applications approved; Library visits; Books
    lent; Trees planted; Homes completed; Accidents reported; Inspections carried out; Water samples tested;
    Visitors; Volunteers; Subscribers; Patents granted; Licences issued; Megawatts installed; Births; Deaths;
    Marriages; Arrivals by air; Arrivals by sea; Farms; Cattle; Sheep; Hotel nights
""")
COMPANIES = listed("""
    Harbour; Northwind; Ridgeway; Silverline; Castellan; Blue Fjord; Meridian; Kestrel; Granite; Orchard; Lumen;
    Tidewater; Calder; Vantage; Hollis; Arden; Corvus; Pioneer; Summit; Beacon
""")
KINDS = listed("""
    Energy plc; Foods Group; Water Authority; Holdings Inc.; Rail Ltd; Health Trust; Bank; Logistics; Pharma AG;
    Textiles; Housing Association; Insurance; Council; University; Instruments; Shipping Company; Telecom; Steel
    Works
""")
REASONS = listed("""
    higher demand; lower energy prices; supply shortages; better pricing; new contracts; currency effects; a milder
    winter; the closure of two sites; a change in accounting policy; higher freight costs; the loss of a large
    customer; a strike at the main port; unusually heavy rain; the acquisition of a smaller competitor; delays in
    the delivery of spare parts; stronger sales of new products; a one-off tax refund; the sale of the paper
    business; wage increases agreed in the spring; lower interest rates; more visitors from abroad; a fall in the
    price of copper
""")
MONTHS = listed("""
    January; February; March; April; May; June; July; August; September; October; November; December
""")
UNITS = listed("""
    tonnes; kilometres; litres; hours; MW; GWh; points; basis points
""")
NUMBERS = listed("""
    two; three; four; five; six; seven; eight; nine; ten; eleven; twelve
""")
