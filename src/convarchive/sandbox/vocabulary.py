"""What is said in made-up calls: words by rank, common ones first, and no end to them.

Ranks are drawn from a Zipf-Mandelbrot law, ``p(r) ~ 1 / (r + Q) ** (1 / B)``. Its tail makes the
number of different words grow as ``N ** B`` with the number of words spoken (Heaps' law); ``Q``
keeps the most common word at a few percent, where speech has it. See B. Mandelbrot, "An
informational theory of the statistical structure of language", 1953.

The first ranks are common words of the language. Beyond them come names, put together from
syllables: in real calls, too, the rare words are names of people, places and products.
"""

from __future__ import annotations

from functools import cache
from random import Random
from struct import unpack
from typing import Final

HEAPS: Final = 0.55
"""The exponent of the vocabulary's growth."""

_OFFSET: Final = 15.0
_SLOTS: Final = 65_536
_HEAD: Final = 1000
"""How many words have their share of the slots; rarer ones are computed when they are drawn."""

WORDS: Final = {
    "en": """
    I you the to a and it that is my on for of in yeah we have okay can your me so just do was
    be this not with it's I'm but are if like what no um uh don't know right get one at there
    all then they up now call well would how out go see that's about will or got did as any time
    need from has when could want an number let had been here sorry account yes because day by
    back thank please think check been some he she take which should order them today phone name
    email sure still going really address more card over other good two make don't why send help
    only where week said first who new payment last after before next work month can't told into
    again does bill than our these much charge date their very off tell way might give look down
    thing maybe something also long sir ma'am minute morning through keep use put her him little
    too even come hear every late once we'll you're I'll I've didn't doesn't isn't three four
    five six seven eight nine ten hundred thousand dollars pounds percent o'clock half quarter
    second third monday tuesday wednesday thursday friday saturday sunday january february march
    april june july august september october november december afternoon evening night tomorrow
    yesterday year ago hour couple few appointment doctor office schedule available cancel
    change move book open close visit nurse clinic prescription pharmacy insurance policy claim
    coverage deductible member plan refund invoice charged twice balance statement amount due
    paid credit debit bank transfer deposit fee tax total price cost cheaper discount offer
    subscription renew upgrade downgrade contract delivery package tracking shipped warehouse
    driver parcel damaged missing wrong item size colour return label box door neighbour
    replacement broken repair warranty technician internet router modem signal connection slow
    restart light cable outage area internet service support supervisor manager agent department
    speak talk hold line transfer waiting queue voicemail message text link website app password
    login reset username code verify security question answer birthday postcode zip street city
    state house apartment floor building key keys car insurance accident vehicle plate licence
    mileage tyre engine battery garage flight hotel room reservation guest night arrive leave
    airport ticket seat train luggage passport table people party dinner lunch breakfast menu
    allergy restaurant window outside school child children son daughter wife husband mother
    father parents brother sister family friend person lady man woman someone anyone nobody
    everybody everything nothing anything problem issue error trouble mistake reason matter case
    complaint letter form paper document copy sign signature file record history note
    information detail details system computer screen page button click press option enter type
    spell letter capital dash dot at underscore space zero double triple plus minus understand
    mean guess suppose believe remember forget notice wonder hope feel worry wait stop start
    finish try keep ask talk call pay buy sell bring carry lose find pick drop turn switch plug
    pull push write read listen watch show explain confirm arrange approve refuse accept agree
    apply register update remove add include cover expire happen arrive receive return deliver
    collect increase reduce double split share join leave stay live born married single full
    empty early quick quickly soon later already almost exactly actually basically probably
    definitely certainly honestly usually sometimes always never often twice instead besides
    otherwise though although while until since during between without within against around
    behind under above near far away together alone free busy ready able unable possible
    impossible easy difficult hard simple clear strange funny serious urgent important different
    same similar correct incorrect valid invalid current previous original separate extra
    standard premium basic annual monthly weekly daily old young big small large short tall high
    low hot cold warm dry wet clean dirty safe dangerous quiet loud fast cheap expensive nice
    great lovely perfect fine bad terrible awful ridiculous unacceptable happy sad angry upset
    tired sick hurt pain fever cough headache tooth back knee shoulder blood test result scan
    specialist surgery emergency hospital ambulance medicine tablet dose allergy pressure heart
    baby pregnant age height weight diabetes asthma water gas electricity meter reading boiler
    heating pipe leak roof kitchen bathroom garden fence wall ceiling landlord tenant rent lease
    move mortgage loan interest rate saving pension salary employer job company business
    customer client supplier partner store shop branch counter cashier receipt gift voucher
    coupon points reward membership course class teacher student exam lesson library museum
    concert show match team coach pool gym training dog cat vet animal food feed park weather
    rain snow storm wind sun traffic road bridge corner left straight north south east west mile
    kilometre metre inch pound ounce litre gallon bottle glass cup plate knife bread milk coffee
    tea sugar salt chicken fish rice salad soup cake chocolate lemon apple orange banana vegan
    vegetarian gluten peanut dairy wheelchair elevator stairs entrance exit lobby reception
    parking garage bus taxi bicycle helmet jacket shoes shirt dress trousers pocket bag wallet
    purse watch ring glasses contact lens hearing aid battery charger laptop tablet printer
    camera television remote speaker keyboard mouse headset microphone volume mute unmute
    network provider carrier roaming data sim activate deactivate block unblock port dispute
    fraud stolen suspicious unauthorised investigation police report reference evidence lawyer
    court legal notice deadline extension penalty interest waive exception goodwill gesture
    compensation apology inconvenience patience appreciate assistance concern regarding process
    procedure requirement condition agreement terms privacy consent permission authorise
    recording quality purposes survey feedback rating experience recommend improve suggestion
    """,
    "es": """
    de la que el en y a no es sí me lo por un una con para su mi se los las está pues bueno
    usted le ya más como pero si del al muy eh tengo hay este esta eso qué cuando porque aquí
    ahora gracias cuenta número día semana mes tarjeta pago cobro factura pedido dirección
    teléfono nombre correo hola vale claro perdone momento señora señor ayuda problema cita hora
    mañana tarde lunes martes miércoles jueves viernes sábado domingo uno dos tres cuatro cinco
    seis siete ocho nueve diez cien euros devolución reembolso cambiar cancelar confirmar llamar
    esperar enviar recibir paquete envío puerta calle piso ciudad código clave banco seguro
    póliza médico clínica receta línea internet luz contrato oferta precio descuento mal bien
    nunca siempre todavía también entonces luego después antes hasta desde entre sobre sin según
    quiero puede necesito sabe digo dice hacer ver ir dar
    """,
    "de": """
    ich das die ist der und ja nein nicht Sie es ein eine zu in mit auf für den dem wir mir ja
    haben hab kann wie was so dann noch mal also ähm äh schon aber auch bei von wenn da hier
    jetzt bitte danke Termin Rechnung Konto Nummer Karte Zahlung Betrag Adresse Name Telefon
    Mail Vertrag Tag Woche Monat Uhr heute morgen gestern Montag Dienstag Mittwoch Donnerstag
    Freitag Samstag Sonntag eins zwei drei vier fünf sechs sieben acht neun zehn hundert Euro
    Cent Paket Lieferung Bestellung Rückerstattung Erstattung stornieren ändern bestätigen
    anrufen warten schicken bekommen Tür Straße Haus Stadt Kennwort Bank Versicherung Arzt
    Praxis Rezept Leitung Internet Strom Heizung Angebot Preis Rabatt gut schlecht immer nie
    wieder genau eigentlich vielleicht gerne möchte brauche weiß sagen machen sehen gehen geben
    nehmen kommen doppelt falsch richtig kaputt Techniker Gerät
    """,
    "fr": """
    de je le la les et à vous est que un une pas ça il c'est oui non en pour mais on j'ai du des
    mon ma votre avec sur au ce qui dans alors donc euh bon voilà merci bonjour madame monsieur
    compte numéro carte paiement facture commande adresse nom téléphone courriel jour semaine
    mois heure demain hier aujourd'hui lundi mardi mercredi jeudi vendredi samedi dimanche un
    deux trois quatre cinq six sept huit neuf dix cent euros remboursement annuler changer
    confirmer appeler attendre envoyer recevoir colis livraison porte rue ville code banque
    assurance médecin cabinet ordonnance ligne internet courant contrat offre prix remise bien
    mal toujours jamais encore aussi puis après avant depuis entre sans selon voudrais pouvez
    besoin savez dis dit faire voir aller donner prendre
    """,
}
"""Common words by language, roughly by how often they are said on the phone."""

_RANKED: Final = {language: tuple(dict.fromkeys(text.split())) for language, text in WORDS.items()}

_SYLLABLES: Final = (
    """
    Ab Al An Ar Ba Be Bel Bo Bra Bre Ca Car Cla Co Cor Da Del Dor Ed El Em Fa Fen Fer Ga Gar Gil
    Gra Ha Har Hol Il Ja Jo Ka Kel Kir La Lan Lin Lo Ma Mar Mel Mo Na Nor Ol Os Pa Pel Per Ra Ren
    Ro Sa Sel Sto Ta Tel Tor Va Ver Vi Wal Wes Win Ya Za Zel
    """,
    """
    ba be bi da de di do fa fe ga go ka ke la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa
    se ta te ti to va ve vi
    """,
    """
    berg by combe court dale den dine dorf field ford gate ham hurst kin land ley lin lock man mere
    mont more nell quist rick rock sby sett shaw son stad stein stone thorpe ton vale ville ward
    well wick win wood worth zell
    """,
)
_STARTS, _MIDDLES, _ENDS = (tuple(text.split()) for text in _SYLLABLES)


def words(count: int, language: str, random: Random) -> list[str]:
    """So many words, each as often as its rank is said."""
    head = _head(language)
    known = len(head)
    rare = 1 - known / _SLOTS
    # Sixteen bits a word, drawn at once, choose among the common ones; the rest is computed.
    draws = unpack(f"<{count}H", random.randbytes(2 * count))
    return [
        head[draw] if draw < known else word(_rank(rare * (1 - random.random())), language)
        for draw in draws
    ]


def word(rank: int, language: str) -> str:
    """The word of this rank, counted from 0; every rank has another one."""
    common = _RANKED[language]
    return common[rank] if rank < len(common) else _name(rank - len(common))


@cache
def _head(language: str) -> list[str]:
    """The most common words, each so often as it comes in 65,536 words."""
    head: list[str] = []
    for rank in range(_HEAD):
        until = round(_SLOTS * (1 - _at_least(rank + 1)))
        head += [word(rank, language)] * (until - len(head))
    return head


def _at_least(rank: int) -> float:
    """The share of all words said that have this rank or a higher one."""
    return float((1 + rank / _OFFSET) ** -(1 / HEAPS - 1))


def _rank(share: float) -> int:
    """The rank of the word beyond which there is this share of all words said."""
    return int(_OFFSET * (share ** -(1 / (1 / HEAPS - 1)) - 1))


def _name(number: int) -> str:
    number, end = divmod(number, len(_ENDS))
    number, start = divmod(number, len(_STARTS))
    name = _STARTS[start]
    while number:
        number, middle = divmod(number - 1, len(_MIDDLES))
        name += _MIDDLES[middle]
    return name + _ENDS[end]
