"""What is said to come: *the security code is …*, *mi número de teléfono es …*, ``order_id``.

A number alone is often nothing in particular. What people call it, or what a field is called,
tells. The last label before a number counts; one that comes closer and says something else
(*order number*, *routing number*) takes it away from the kind that would like to have it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

from convarchive.index.words import words

CARD: Final = "card"
CVV: Final = "cvv"
CODE: Final = "code"
"""May be a card's, or that of a door."""
PHONE: Final = "phone"
EMAIL: Final = "email"
SSN: Final = "ssn"
SSN_END: Final = "ssn-end"
"""Its last four digits."""
OTHER: Final = "other"


class Label(NamedTuple):
    """Words that tell what comes."""

    kind: str
    start: int
    """The position of its first word."""
    end: int
    """Past its last word."""


def labels(flow: Sequence[str]) -> list[Label]:
    """The labels among these folded words, in their order; of several at a place the longest."""
    text = " ".join(flow)
    starts = {at: n for n, at in enumerate(accumulate((len(word) + 1 for word in flow), initial=0))}
    pattern, kinds = _compiled()
    found = []
    for match in pattern.finditer(text):
        start = starts[match.start()]
        found.append(Label(kinds[match[0]], start, start + match[0].count(" ") + 1))
    return found


def listed(words: str) -> frozenset[str]:
    """The words of a list, with spaces between them."""
    return frozenset(words.split())


@cache
def _compiled() -> tuple[re.Pattern[str], dict[str, str]]:
    kinds = {
        " ".join(words(phrase)): kind
        for kind, phrases in _PHRASES.items()
        for phrase in phrases.split("|")
    }
    longest_first = sorted(kinds, key=lambda phrase: (-len(phrase), phrase))
    alternatives = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<!\S)(?:{alternatives})(?!\S)"), kinds


_PHRASES: Final = {
    CARD: "card|credit card|debit card|card number|credit card number|debit card number|visa"
    "|mastercard|master card|amex|american express|discover card|long number|sixteen digits"
    "|16 digits|16 digit number|pan|cardnumber|card no|ccnum|kreditkarte|karte|kartennummer"
    "|kreditkartennummer|tarjeta|numero de tarjeta|tarjeta de credito|tarjeta de debito"
    "|carte|carte bancaire|carte bleue|numero de carte|carte de credit|carta|carta di credito"
    "|numero della carta|numero di carta|cartao|cartao de credito|numero do cartao|creditcard"
    "|kaart|kaartnummer|creditcardnummer|カード|カード番号|クレジットカード|信用卡|卡号|银行卡",
    CVV: "cvv|cvc|cvv2|cvc2|cvn|c v v|c v c|cv v|cvv code|cvc code|cvv number|cvc number"
    "|c v v code|c v c code|c v v number|card verification|card verification value"
    "|card verification code|card verification number|card security code|csc"
    "|digits on the back|numbers on the back|number on the back|code on the back"
    "|digit on the back|digit number on the back|digit code on the back|digits on the reverse"
    "|digits off the back|numbers off the back|digits on back|numbers on back"
    "|back of the card|back of your card|back of my card|back of that card"
    "|digits on the front|numbers on the front|digit code on the front|digit number on the front"
    "|kartenprufnummer|prufnummer|prufziffer|kartenprufziffer|ziffern auf der ruckseite"
    "|zahlen auf der ruckseite|stellen auf der ruckseite|ruckseite der karte"
    "|ruckseite ihrer karte|ruckseite"
    "|digitos del reverso|digitos al reverso|digitos en el reverso|digitos de atras"
    "|digitos de la parte de atras|digitos que estan atras|digitos en la parte de atras"
    "|numeros del reverso|numeros de atras|numeros al reverso|numeros en la parte de atras"
    "|reverso de la tarjeta|parte de atras de la tarjeta|codigo de verificacion de la tarjeta"
    "|codigo de seguridad de la tarjeta|dorso de la tarjeta|parte trasera de la tarjeta"
    "|cryptogramme|cryptogramme visuel|chiffres au dos|chiffres au verso|numeros au dos"
    "|dos de la carte|dos de votre carte|dos de ma carte|verso de la carte"
    "|cifre sul retro|cifre dietro|numeri sul retro|retro della carta|retro della sua carta"
    "|digitos no verso|numeros no verso|digitos atras|numeros atras|verso do cartao"
    "|atras do cartao|tras do cartao|codigo de seguranca do cartao"
    "|cijfers op de achterkant|cijfers achterop|achterkant van de kaart|achterkant van uw kaart"
    "|achterkant van je kaart|achterkant"
    "|カード裏面|裏面の3桁|裏面の三桁|裏の3桁|卡背面|背面三位|背面的三位|背面3位|背面的3位|背面后三位"
    "|卡片背面|背面的三位数|背面最后三位",
    CODE: "security code|security number|security digits|verification code|verification number"
    "|three digit code|three digit number|3 digit code|3 digit number|sicherheitscode"
    "|sicherheitsnummer|codigo de seguridad|numero de seguridad|codigo de verificacion"
    "|code de securite|code secret a trois chiffres|code de verification|codice di sicurezza"
    "|codice di verifica|codigo de seguranca|codigo de verificacao|beveiligingscode"
    "|veiligheidscode|セキュリティコード|セキュリティ番号|安全码|验证码",
    PHONE: "phone|phone number|telephone|telephone number|cell|cell phone|cell number|cellphone"
    "|mobile|mobile number|mobile phone|callback number|call back number|contact number"
    "|home number|work number|daytime number|best number|reach me|reach you|reached at"
    "|call me|call us|call me back|call you back|text me|ring me|ring us"
    "|give me a call|give us a call"
    "|my number|your number|caller number|caller id|caller|fax|whatsapp|from number|to number"
    "|msisdn|ani|dnis|tel|hotline|dial|landline|main line|direct line|calling from"
    "|telefon|telefonnummer|handy|handynummer|ruckrufnummer|rufnummer|mobilnummer|festnetz"
    "|erreichen sie mich|erreichbar|ruf mich|rufen sie mich|meine nummer|ihre nummer"
    "|telefono|numero de telefono|celular|movil|numero de celular|mi numero|su numero"
    "|numero de contacto|llameme|llamarme|llamenme|me puede llamar|whatsapp es"
    "|telephone|numero de telephone|portable|numero de portable|mon numero|votre numero"
    "|rappeler|rappelez moi|joindre|appelez moi|numero de mobile"
    "|cellulare|numero di telefono|il mio numero|il suo numero|numero di cellulare|richiamarmi"
    "|chiamarmi|telefone|celular|numero de telefone|meu numero|seu numero|telemovel|ligar para"
    "|telefoonnummer|telefoon|mobiel|mijn nummer|uw nummer|terugbellen|bel me|bereikbaar"
    "|電話|電話番号|携帯|携帯番号|电话|电话号码|手机|手机号|手机号码|联系电话",
    EMAIL: "email|e mail|email address|e mail address|mail|mail address|correo|correo electronico"
    "|courriel|adresse mail|adresse email|adresse e mail|email adresse|e mail adresse|mailadresse"
    "|mail adresse|indirizzo email|indirizzo e mail|posta elettronica|emailadres"
    "|mailadres|e mailadres"
    "|emailadresse|gmail|メールアドレス|メール|邮箱|电子邮件|邮件地址",
    SSN: "ssn|social security|social security number|social security no|social number|social"
    "|socials|s s n"
    "|social sec|soc sec|itin|taxpayer id|seguro social|numero de seguro social"
    "|numero del seguro social|numero de seguridad social|securite sociale|社会安全号|社会安全号码"
    "|社会保障号",
    SSN_END: "last four of your social|last four of the social|last four of my social"
    "|last 4 of your social|last 4 of the social|last 4 of my social|last four of social"
    "|last four digits of your social|last four digits of my social|last 4 digits of your social"
    "|last four digits of the social|last 4 digits of my social|last 4 digits of the social"
    "|last four digits of your social security|last four of your social security"
    "|last four digits of your social security number|last four of your social security number"
    "|last four of my social security number|last 4 digits of your social security number"
    "|last 4 of your social security number|last four digits of my social security number"
    "|last four of your ssn|last 4 of your ssn|last four of my ssn|last four digits of your ssn"
    "|last four of the ssn|ssn last four|ssn last 4|last four ssn|last four social"
    "|ultimos cuatro digitos de su seguro social|ultimos cuatro de su seguro social"
    "|ultimos cuatro numeros de su seguro social|ultimos 4 digitos de su seguro social",
    OTHER: "order|order number|order id|order no|invoice|invoice number|tracking|tracking number"
    "|policy|policy number|account|account number|account id|routing|routing number|case"
    "|case number|ticket|ticket number|reference|reference number|reference code|ref|confirmation"
    "|confirmation number|confirmation code|claim|claim number|member|member number|member id"
    "|membership number|group number|serial|serial number|part number|model|model number|imei"
    "|vin|meter|meter number|booking|booking number|booking reference|reservation number"
    "|customer number|customer id|employee id|employee number|transaction|transaction id"
    "|transaction number|zip|zip code|postcode|postal code|date of birth|birthday|birth|born"
    "|expiration|expiration date|expiry|expiry date|expires|expiring"
    "|exp|valid thru|amount|total|balance"
    "|price|cost|pin|pin number|passcode|extension|ext|id|ids|hash|sha256|timestamp|created at"
    "|updated at|started at|ended at|start time|end time|duration|version|flight|flight number"
    "|suite|unit|apartment|street|social media|license|licence|license number|npi|upc|sku|isbn"
    "|ean|barcode|quantity|score|prescription|prescription number|rx|lot number|batch"
    "|registration|registration number|passport|passport number|session|session id|request id"
    "|bestellung|bestellnummer|auftrag|auftragsnummer|rechnung|rechnungsnummer|kundennummer"
    "|vertragsnummer|sendungsnummer|zahlerstand|zahlernummer|versicherungsnummer|postleitzahl"
    "|kontonummer|bankleitzahl|vorgangsnummer|referenznummer|ticketnummer|geburtsdatum|gultig bis"
    "|ablaufdatum|betrag|seriennummer|mitgliedsnummer|aktenzeichen|pin nummer"
    "|pedido|numero de pedido|numero de orden|orden|factura|numero de factura|poliza"
    "|numero de poliza|cuenta|numero de cuenta|caso|numero de caso|referencia"
    "|numero de referencia|codigo postal|fecha de nacimiento|vencimiento|caducidad|vence"
    "|numero de cliente|confirmacion|numero de confirmacion|seguimiento|numero de seguimiento"
    "|commande|numero de commande|facture|numero de facture|dossier|numero de dossier|contrat"
    "|numero de contrat|compte|numero de compte|code postal|date de naissance|expiration"
    "|date d expiration|numero de client|suivi|numero de suivi|reference"
    "|ordine|numero d ordine|numero dell ordine|fattura|pratica|conto|cap|scadenza|data di nascita"
    "|codice cliente|polizza|numero di polizza|spedizione"
    "|encomenda|fatura|apolice|conta|protocolo|numero do protocolo|numero do pedido|validade"
    "|data de nascimento|cep|rastreamento"
    "|bestelling|bestelnummer|factuur|factuurnummer|klantnummer|polisnummer|rekeningnummer"
    "|vervaldatum|geboortedatum|dossiernummer|zaaknummer"
    "|注文番号|予約番号|お客様番号|会員番号|郵便番号|订单号|订单|账号|运单号|快递单号|保单号|邮编|身份证",
}  # fmt: skip
