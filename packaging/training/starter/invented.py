"""Names of people, places and companies that do not exist."""

FIRST = """Amina Tomas Ingrid Rajiv Helen Kwame Lucia Pieter Mei Omar Sofia Daniel Yuki Carla Viktor Nadia
Samuel Leila Henrik Grace Mateo Ewa Patrick Zanele Bruno Anneke Farid Julia Marcus Teresa Dmitri
Naomi Colin Priya Stefan Aisha Gareth Rosa Niklas Irene""".split()
LAST = """Okafor Lindqvist Moreno Banerjee Whitaker Mensah Ferrari deVries Tanaka Haddad Novak Osei Petrov
Silva Brandt Kaya Marsh Dubois Nakamura Olsen Quinn Rossi Schmidt Torres Ueda Varga Weber Yilmaz
Zhang Alvarez Boateng Castellano Dlamini Eriksen Fontaine Gallagher Horvat Ivanova Jansen Kowalski""".split()
STEMS = """Nor Vel Cas Bran Tor Mel Ost Har Quin Sel Fen Gal Lum Ark Pell Dun Cor Ash Bel Wex Ryn Tal Mor Sund
Kes""".split()
ENDS = """dale ora tex mark wick ium ton via ford eon mere tic lund ara stone bridge""".split()
KINDS = [
    "plc",
    "Group",
    "Holdings",
    "Inc.",
    "AG",
    "Ltd",
    "Corporation",
    "S.A.",
    "Industries",
    "Systems",
    "N.V.",
    "Energy",
    "Foods",
    "Logistics",
    "Pharma",
]
REGIONS = [
    "North America",
    "Latin America",
    "Western Europe",
    "Eastern Europe",
    "Middle East",
    "Asia Pacific",
    "Africa",
    "Oceania",
    "United Kingdom",
    "Germany",
    "France",
    "Japan",
    "China",
    "India",
    "Brazil",
    "Canada",
    "Mexico",
    "Spain",
    "Italy",
    "Norway",
    "Poland",
    "Kenya",
    "Vietnam",
    "Chile",
    "Turkey",
    "Egypt",
    "Indonesia",
    "Australia",
]
TOWNS = [
    "Harlow",
    "Brennick",
    "Tarsa",
    "Lomond",
    "Estrel",
    "Kalmar",
    "Porto Vela",
    "Windmere",
    "Osterby",
    "San Telmo",
    "Grafton",
    "Nyborg",
    "Alder Bay",
    "Kinross",
    "Velden",
    "Marlow",
    "Redcliff",
    "Sankt Elm",
    "Cordal",
    "Thornby",
    "Lakeside",
    "Dunmore",
]


class Names:
    """Draws names for one passage, none twice."""

    def __init__(self, rng):
        self.rng, self.used = rng, set()

    def one(self, pool):
        """An item of a pool that was not drawn yet, where there is one left."""
        left = [item for item in pool if item not in self.used] or list(pool)
        item = self.rng.choice(left)
        self.used.add(item)
        return item

    def some(self, pool, count):
        """Several items of a pool."""
        return [self.one(pool) for _ in range(count)]

    def company(self):
        """A company, its first word used by no other."""
        rng = self.rng
        while True:
            name = rng.choice(STEMS) + rng.choice(ENDS) + " " + rng.choice(KINDS)
            if name.split()[0] not in self.used:
                self.used.add(name.split()[0])
                return name

    def person(self):
        """First and last name."""
        while True:
            name = self.rng.choice(FIRST) + " " + self.rng.choice(LAST)
            if name not in self.used:
                self.used.add(name)
                return name
