"""Any form of a word is found, by the grammar of the language that the call was in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from convarchive.index import schema
from convarchive.index.stems import Stems

Ids = Callable[..., set[str]]


@pytest.mark.parametrize(
    ("language", "said", "asked"),
    [
        ("en", "We refunded the invoices", "refund invoicing"),
        ("en-GB", "She was complaining", "complain complained"),
        ("de", "Ich habe mehrere Rechnungen bezahlt", "Rechnung"),
        ("de-AT", "mit beiden Verträgen", "Vertrag"),
        ("es", "Me cobraron dos facturas", "factura"),
        ("es-MX", "los reembolsos pendientes", "reembolso"),
        ("fr", "Les remboursements sont arrivés", "remboursement"),
        ("fr-CA", "mes factures impayées", "facture impayée"),
        ("it", "le fatture pagate", "fattura"),
        ("pt_BR", "as faturas pagas", "fatura"),
        ("nl", "de rekeningen", "rekening"),
        ("sv", "fakturorna", "fakturor"),
        ("nb", "fakturaene", "fakturaen"),
        ("ru", "счета оплачены", "счет"),
        ("tr", "kitaplar geldi", "kitap"),
        ("hu", "a számlák", "számla"),
        ("fi", "laskuja", "lasku"),
        ("da", "regningerne", "regning"),
        ("ro", "facturile", "facturi"),
        (None, "two refunds", "refund"),
    ],
)
def test_forms(shelve, call, ids: Ids, language: str | None, said: str, asked: str) -> None:
    """One form of a word finds another, and the form itself is found as well."""
    archive = shelve(call("c1", f"customer: {said}", language=language), call("other"))
    for word in (*asked.split(), *said.split()):
        assert ids(archive, word) == {"c1"}, word
    assert ids(archive, f'"{said}"') == {"c1"}


@pytest.mark.parametrize(
    ("language", "said", "not_found"),
    [
        ("pl", "dwie faktury", "faktura"),
        ("pl", "refunds", "refund"),
        ("ja", "refunds", "refund"),
        ("zh-CN", "refunds", "refund"),
        ("multi", "refunds", "refund"),
        ("de", "invoicing", "invoice"),
    ],
)
def test_no_foreign_forms(shelve, call, ids: Ids, language: str, said: str, not_found: str) -> None:
    """Languages without a stemmer find words as they are, and no other language's forms."""
    archive = shelve(call("c1", f"customer: {said}", language=language))
    assert ids(archive, said) == {"c1"}
    assert ids(archive, not_found) == set()


@pytest.mark.parametrize(
    ("language", "said", "asked"),
    [
        ("pl", "Proszę o zwrot zaliczki, łódź", "zaliczki lodz łódź ZWROT"),
        ("ja", "返金をお願いします。カードで払いました", "返金 お願い カード 払いました"),
        ("zh", "我想退款，被重复扣款两次", "退款 重复扣款 两次"),
        ("ko", "환불해 주세요", "환불 주세요"),
        ("th", "ขอเงินคืน", "เงินคืน"),
    ],
)
def test_languages_without_forms(
    shelve, call, ids: Ids, language: str, said: str, asked: str
) -> None:
    """Their words are found as they are; without spaces, any stretch of the text is."""
    archive = shelve(call("c1", f"customer: {said}", language=language))
    for word in asked.split():
        assert ids(archive, word) == ids(archive, f'"{word}"') == {"c1"}, word


def test_one_query_in_all_languages(shelve, call, ids: Ids) -> None:
    """A query needs no language: each call is asked in its own."""
    archive = shelve(
        call("en", "customer: general questions", language="en"),
        call("fr", "customer: questions générales", language="fr"),
        call("es", "customer: la general del hospital", language="es"),
        call("ja", "customer: general", language="ja"),
    )
    assert ids(archive, "general") == {"en", "fr", "es", "ja"}


def test_another_language_in_the_same_words(shelve, call, store, catch_up, ids: Ids) -> None:
    """When a call turns out to be in another language, its forms are that language's."""
    archive = shelve(call("c1", "customer: refunds", language=None))
    assert ids(archive, "refund") == {"c1"}
    store(archive, call("c1", "customer: refunds", language="pl"))
    catch_up(archive)
    assert ids(archive, "refund") == set()
    assert ids(archive, "refunds") == {"c1"}


@pytest.mark.parametrize(
    ("tag", "forms"),
    [
        (None, "en"),
        ("", "en"),
        ("EN", "en"),
        ("en-GB", "en"),
        ("pt_BR", "pt"),
        ("de-CH-1996", "de"),
        ("nb-NO", "no"),
        ("nn", "no"),
        ("pl", "none"),
        ("ja", "none"),
        ("yue-Hant", "none"),
        ("english", "none"),
    ],
)
def test_which_forms(tag: str | None, forms: str) -> None:
    """By the first part of the tag; English where there is no tag."""
    assert schema.forms_of(tag) == forms


def test_every_stemmer_works() -> None:
    """Tantivy has all the stemmers that the schema names, and they keep one word one word."""
    for language in schema.STEMMERS:
        assert len(Stems(language).of(["refunds", "zahlungen", "расчеты", "ødeλ"])) == 4
