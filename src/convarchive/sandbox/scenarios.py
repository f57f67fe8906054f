"""What made-up calls are about, and the few sentences in them that are no chance words."""

from __future__ import annotations

from typing import Final, NamedTuple


class Scenario(NamedTuple):
    """One kind of call, in one language."""

    agent_id: str
    intent: str
    topics: tuple[str, ...]
    keywords: tuple[str, ...]
    greeting: str
    """What the agent says first."""
    problem: str
    """What the customer says first."""
    summary: str
    outcomes: tuple[str, ...]
    language: str = "en"


SCENARIOS: Final = (
    Scenario(
        "agent_billing",
        "dispute_charge",
        ("billing", "refund"),
        ("charged twice", "refund"),
        "Thank you for calling billing, how can I help you today?",
        "Hi, uh, I was charged twice for the same order and I want a refund.",
        "The caller was charged twice for one order and asks for a refund.",
        ("resolved", "transferred", "escalated"),
    ),
    Scenario(
        "agent_booking",
        "book_appointment",
        ("appointment", "scheduling"),
        ("appointment", "next week"),
        "Hello, this is the booking line, what can I do for you?",
        "I'd like to make an appointment for next week if you have anything.",
        "The caller books an appointment for the following week.",
        ("appointment_booked", "appointment_booked", "callback_scheduled"),
    ),
    Scenario(
        "agent_delivery",
        "track_parcel",
        ("delivery", "tracking"),
        ("parcel", "tracking number"),
        "Parcel service, may I have your tracking number?",
        "Yeah, my parcel says delivered but there's nothing at the door.",
        "A parcel marked as delivered did not arrive; the driver is asked.",
        ("resolved", "callback_scheduled", "unresolved"),
    ),
    Scenario(
        "agent_support",
        "fix_connection",
        ("outage", "technical_support"),
        ("internet", "router"),
        "Technical support, how may I help?",
        "The internet keeps, um, dropping, and I restarted the router like five times.",
        "The connection drops; the router is reset and a technician offered.",
        ("resolved", "transferred", "escalated", "unresolved"),
    ),
    Scenario(
        "agent_pharmacy",
        "renew_prescription",
        ("prescription", "healthcare"),
        ("prescription", "pharmacy"),
        "Good morning, pharmacy line, how can I help?",
        "I need to renew a prescription, I've got two tablets left.",
        "The caller renews a prescription and asks when it can be collected.",
        ("resolved", "callback_scheduled"),
    ),
    Scenario(
        "agent_insurance",
        "report_claim",
        ("claim", "insurance"),
        ("policy", "claim"),
        "Claims department, is everybody safe?",
        "Somebody backed into my car in the garage and just left.",
        "The caller reports damage to a parked car and opens a claim.",
        ("resolved", "escalated", "transferred"),
    ),
    Scenario(
        "agent_facturacion",
        "dispute_charge",
        ("billing", "refund"),
        ("factura", "devolución"),
        "Atención al cliente, buenos días, ¿en qué le puedo ayudar?",
        "Buenos días, me han cobrado dos veces la misma factura.",
        "La clienta reclama un cobro duplicado y pide la devolución.",
        ("resolved", "transferred"),
        "es",
    ),
    Scenario(
        "agent_termine",
        "book_appointment",
        ("appointment",),
        ("Termin", "Praxis"),
        "Guten Tag, hier ist die Terminvergabe, was kann ich für Sie tun?",
        "Ja, guten Tag, ich bräuchte einen Termin, am liebsten nächste Woche.",
        "Der Anrufer vereinbart einen Termin für die kommende Woche.",
        ("appointment_booked", "callback_scheduled"),
        "de",
    ),
    Scenario(
        "agent_livraison",
        "track_parcel",
        ("delivery", "tracking"),
        ("colis", "livraison"),
        "Service des livraisons, bonjour, je vous écoute.",
        "Bonjour, mon colis devait arriver hier et je n'ai rien reçu.",
        "L'appelant n'a pas reçu son colis ; une recherche est lancée.",
        ("resolved", "callback_scheduled", "unresolved"),
        "fr",
    ),
)

ENGLISH: Final = sum(scenario.language == "en" for scenario in SCENARIOS)
"""The first so many are in English."""

DIGITS: Final = {
    "en": ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "de": ("null", "eins", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
}
"""How the digits are said one by one, from 0."""

CALLERS: Final = {
    "en": "+1N##55501##",
    "es": "+34900555###",
    "de": "+493023125###",
    "fr": "+3319900####",
}
"""Numbers set aside for fiction; ``#`` is any digit, ``N`` one from 2 to 9."""

FAILURES: Final = (
    ("MEDIA_TIMEOUT", "no RTP packets received for 15000 ms", "media_timeout"),
    ("LLM_TIMEOUT", "no answer from the model within 8000 ms", "model_timeout"),
    ("CARRIER_ERROR", "503 from the carrier", "carrier_error"),
)
"""Code, message and reason of calls that fail."""

ABANDONMENTS: Final = ("caller_hangup", "caller_hangup", "no_answer", "busy")
