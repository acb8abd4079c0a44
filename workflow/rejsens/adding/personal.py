"""What tells who somebody is: by the name of a column, by its question, and by what stands in its cells.

Nothing found here is ever quoted. A finding is a reason in words ("an e-mail address"), a column and row numbers.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

# --- by the name of a column, or by its question ---------------------------------------------------------------------

# One entry per kind: words that give it away wherever they stand in a column's name, and words that do so only where
# they are (almost) all of it. Names of columns are compared without accents, case, digits and separators.
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "an IP address": (
        ("ip address", "ipaddress", "ip adresse", "ipaddr", "remote addr", "adresse ip", "direccion ip"), ("ip",)),
    "an e-mail address": (
        ("e mail", "email", "emailaddress", "mailadresse", "recipientemail", "courriel", "correo", "e post", "epost",
         "posta elettronica", "sahkoposti", "eposta", "adres e mail", "emailadres", "почта", "メール"), ("mail",)),
    "a phone number": (
        ("phone number", "phonenumber", "phone", "telephone", "telefon", "telefono", "telefoon", "telefone", "telefoonnummer",
         "telefonnummer", "handynummer", "mobile number", "mobilnummer", "mobiltelefon", "cell phone", "cellphone", "whatsapp",
         "numero de telephone", "celular", "puhelin", "puhelinnumero", "телефон", "電話"),
        ("tel", "mobile", "mobil", "handy", "fax", "sms")),
    "a name": (
        ("first name", "firstname", "last name", "lastname", "surname", "family name", "familyname", "given name", "givenname",
         "full name", "fullname", "middle name", "maiden name", "nickname", "recipientfirstname", "recipientlastname",
         "your name", "name of the participant", "participant name", "respondent name",
         "vorname", "nachname", "familienname", "zuname", "geburtsname", "nom de famille", "prenom", "apellido", "apellidos",
         "nombre completo", "cognome", "sobrenome", "apelido", "voornaam", "achternaam", "imie", "nazwisko", "fornamn",
         "efternamn", "fornavn", "etternavn", "efternavn", "etunimi", "sukunimi", "jmeno", "prijmeni", "soyad", "soyisim",
         "имя", "фамилия", "姓名", "名前", "氏名", "이름", "שם"),
        ("name", "names", "nom", "nome", "nombre", "naam", "namn", "navn", "nimi", "isim", "ad soyad", "username",
         "user name", "login", "nickname")),
    "a place": (
        ("latitude", "longitude", "locationlatitude", "locationlongitude", "geolocation", "geolocalisation", "geolocalizacion",
         "breitengrad", "langengrad", "postal code", "postalcode", "post code", "postcode", "zip code", "zipcode",
         "postleitzahl", "code postal", "codigo postal", "codice postale", "cep", "kod pocztowy", "postnummer",
         "street address", "home address", "postal address", "strasse", "hausnummer", "wohnadresse", "anschrift",
         "adresse postale", "direccion postal", "indirizzo", "coordinates", "koordinaten", "郵便番号"),
        ("lat", "lon", "lng", "long", "gps", "geo", "plz", "zip", "postal", "address", "adresse", "street", "location")),
    "a device or a browser": (
        ("user agent", "useragent", "browser version", "fingerprint", "device id", "deviceid", "mac address",
         "device fingerprint", "relevantid", "relevantidduplicate", "cookie"), ("browser", "ua", "device")),
    "where somebody came from": (
        ("referer", "referrer", "refurl", "referring url", "external reference", "externalreference",
         "external data reference", "externaldatareference"), ("referral", "url")),
    "a platform or panel id": (
        ("response id", "responseid", "session id", "sessionid", "session", "prolific pid", "prolific id", "prolificpid",
         "prolificid", "worker id", "workerid", "assignment id", "assignmentid", "hit id", "hitid", "study id", "token",
         "record id", "recordid", "panelist id", "panel id", "panelid", "respondent id", "respondentid", "submission id",
         "submissionid", "contact id", "contactid", "mturk id", "cint id", "rid", "psid", "survey code", "access code",
         "redcap survey identifier"), ("pid",)),
    "a national or insurance number": (
        ("social security", "ssn", "national insurance", "personnummer", "cpf", "nif", "codice fiscale", "bsn",
         "versicherungsnummer", "matrikelnummer", "student number", "student id", "passport", "steuernummer", "iban",
         "kontonummer", "bank account"), ()),
    "a photograph, a file or a signature": (("signature", "unterschrift", "file upload", "photo", "selfie"), ()),
}  # fmt: skip
FILLERS = {"your", "the", "my", "participant", "respondent", "user", "client", "recipient", "ihr", "ihre", "dein", "deine",
           "votre", "tu", "su", "please", "enter", "question", "text", "current", "home"}  # fmt: skip
AMBIGUOUS = {"long", "mobile", "mobil", "handy", "location", "device", "url", "geo", "sms", "nickname"}  # only alone
OF_THINGS = {"event", "scale", "study", "survey", "file", "variable", "form", "arm", "instrument", "item", "test", "group",
             "condition", "field", "block", "task", "product", "brand"}  # fmt: skip
BIRTH = (
    "date of birth", "dateofbirth", "birth date", "birthdate", "birthday", "birth day", "dob", "geburtsdatum", "geburtstag",
    "date de naissance", "fecha de nacimiento", "data di nascita", "data de nascimento", "geboortedatum", "fodelsedatum",
    "fodselsdato", "syntymaaika", "data urodzenia", "datum narozeni", "dogum tarihi", "дата рождения", "生年月日",
)  # fmt: skip
# Of a question, only what asks for it outright counts: "name one person you trust" asks for no name of the answerer.
ASKS = re.compile(
    r"\b(your|ihren?|ihre|deinen?|deine|votre|ton|su|tu|uw|jouw) (full |first |last |family |given |vollstandigen? )?"
    r"(name|names|vorname|nachname|e ?mail|email|email address|e mail address|phone|telephone|mobile number|phone number|"
    r"address|postal code|zip code|postcode|postleitzahl|telefonnummer|adresse|nom|prenom|nombre|naam|correo)\b"
)


def _plain(name: str) -> str:
    """A column's name as words: without accents, case, digits and separators; camelCase is taken apart."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    bare = "".join(c for c in unicodedata.normalize("NFKD", parted) if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"[\W\d_]+", " ", bare).split())


def named(column: str, question: str = "") -> str:
    """What a column tells by its name or by its question; the empty string when neither gives anything away.

    >>> named("RecipientFirstName"), named("Q3"), named("Prénom"), named("gad7_01")
    ('a name', '', 'a name', '')
    >>> named("Q3", "What is your e-mail address?")
    'an e-mail address'
    """
    for text in filter(None, (column, question)):
        words = _plain(text)
        core = [word for word in words.split() if word not in FILLERS and len(word) > 1]
        for kind, (anywhere, alone) in NAMES.items():
            if len(words.split()) <= 8 and any(_holds(words, _plain(w)) for w in anywhere):
                return kind
            if any(_is_about(core, w) for w in alone):
                return kind
        if asked := ASKS.search(words):
            return _asked_for(asked[3])
    return ""


def _is_about(core: Sequence[str], word: str) -> bool:
    """Whether a short column name is about what a word says: partner_name, but neither scale_name nor mobile_use."""
    if list(core) == word.split():
        return True
    return word not in AMBIGUOUS and word in core and len(core) <= 3 and not OF_THINGS.intersection(core)


def _holds(words: str, wanted: str) -> bool:
    if re.search(r"[^\x00-\x7f]", wanted):  # languages that do not part words by blanks
        return wanted in words
    return f" {wanted} " in f" {words} " or (" " not in wanted and len(wanted) > 6 and wanted in words.replace(" ", ""))


def _asked_for(what: str) -> str:
    return next((kind for kind in ("an e-mail address", "a phone number", "a place", "a name")
                 if any(_holds(what, _plain(w)) for w in (*NAMES[kind][0], *NAMES[kind][1]))), "a name")  # fmt: skip


def tells_birth(column: str, question: str = "") -> bool:
    """Whether a column asks for the day somebody was born.

    >>> tells_birth("Geburtsdatum"), tells_birth("Q5", "What is your date of birth?"), tells_birth("year_of_birth")
    (True, True, False)
    """
    return any(_holds(_plain(text), _plain(word)) for text in (column, question) if text for word in BIRTH)


# --- by what stands in a cell ----------------------------------------------------------------------------------------

EMAIL = re.compile(r"[^\s@,;:<>()\"']+\s?(?:@|\(at\)|\[at\]|\{at\})\s?[^\s@,;:<>()\"']+\.[^\W\d_]{2,}", re.I)
HANDLE = re.compile(r"(?<![\w@])@[^\W\d][\w.]{2,}(?![\w.(])")
URL = re.compile(r"\bhttps?:|\bwww\.\w", re.I)
AGENT = re.compile(r"Mozilla/\d|AppleWebKit|\bOpera/\d|\bGecko/\d", re.I)
IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
MAC = re.compile(r"\b(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}\b", re.I)
PLACE = re.compile(
    r"[-+]?\d{1,3}\.\d{3,}\s*°?\s*[NS]?\s*[,;/ ]\s*[-+]?\d{1,3}\.\d{3,}|\d{1,3}\s?°\s?\d{1,2}\s?['′]\s?\d{1,2}"
)
PANEL_ID = re.compile(
    r"[0-9a-f]{24}|R_[A-Za-z0-9]{11,}|A(?=[0-9A-Z]*\d)[0-9A-Z]{11,14}|[0-9a-f]{32,64}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
CLOCK = r"[T ]*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[A-Z]{3,4})?(?:[+-]\d{1,2}:?\d{0,2})?"
DAY = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?(?:\d{4}|\d{2}))"
DATE = re.compile(rf"{DAY}(?P<clock>{CLOCK})?")
PHONE = re.compile(r"(?<![\w.,])(?:\+|\(|00)?\d[\d\s()/.\u2010-\u2015-]{5,}\d(?![\w.,]*\d)")
RANGE = re.compile(
    r"\d{1,3}(?:[.,' ]?\d{3})*(?:[.,]\d{1,2})?\s*(?:-|\u2010|\u2013|\u2014)\s*(?!0\d)\d{1,3}(?:[.,' ]?\d{3})*(?:[.,]\d{1,2})?"
)
NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
CHOICES = re.compile(r"\d{1,3}(?:\s?[,;|]\s?\d{1,3})+")  # several choices by their codes


def told_by(text: str) -> str:
    """What one text tells about somebody: the kind in words, or the empty string. Plain numbers are judged elsewhere.

    >>> told_by("write to ann@example.org"), told_by("+44 7700 900123"), told_by("192.168.7.12")
    ('an e-mail address', 'a phone number', 'an IP address')
    >>> told_by("2020-05-15 06:34"), told_by("20,000 - 29,999"), told_by("several times a week")
    ('', '', '')
    """
    if len(text) < 4 or NUMBER.fullmatch(text) or CHOICES.fullmatch(text):
        return "a phone number" if _dialled(text) else ""
    for kind, pattern in (
        ("an e-mail address", EMAIL),
        ("a web address", URL),
        ("a device or a browser", AGENT),
        ("a device or a browser", MAC),
        ("a place", PLACE),
        ("a bank account", IBAN),
        ("a name on a social network", HANDLE),
    ):
        if pattern.search(text):
            return kind
    if any(_is_ip(found[0]) for pattern in (IPV4, IPV6) for found in pattern.finditer(text)):
        return "an IP address"
    if PANEL_ID.fullmatch(text):
        return "a platform or panel id"
    without_dates = DATE.sub(" ", text)
    if any(_is_phone(found[0]) for found in PHONE.finditer(without_dates)):
        return "a phone number"
    return ""


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text)) if text.count(":") >= 2 or text.count(".") == 3 else False
    except ValueError:
        return False


def _dialled(text: str) -> bool:
    """A number written as one dials it: +44…, 0044…, or 0… of at least nine digits."""
    return re.fullmatch(r"\+\d{8,15}|0\d{8,15}", text) is not None


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 7 <= len(digits) <= 15 and RANGE.fullmatch(text.strip()) is None and re.search(r"\d{2}", text) is not None


def is_number(text: str) -> bool:
    """Whether a text is a plain number or several choices by their codes."""
    return bool(NUMBER.fullmatch(text) or CHOICES.fullmatch(text))


LONG = 9  # digits: a whole number as long as this is no answer to a question


def tells_in_column(texts: Sequence[str]) -> str:
    """What a column of an export tells that no item claims, judged by all its different texts; "" when it tells nothing."""
    for text in texts:
        if kind := told_by(text):
            return kind
    if sum(bool(re.fullmatch(rf"\d{{{LONG},}}", text)) for text in texts) > 0:
        return "long numbers, such as phone numbers or ids"
    fine = [text for text in texts if re.fullmatch(r"-?\d{1,3}[.,]\d{4,}", text)]
    if fine and len(fine) * 2 > len(texts) and all(abs(float(text.replace(",", "."))) <= 180 for text in fine):
        return "numbers that look like coordinates"
    return ""


# --- free text -------------------------------------------------------------------------------------------------------

_HARMLESS = """yes no true false ja nein oui non si sì sim não nao tak nie kyllä ei nej ne да нет na n/a nan null none
selected unselected checked unchecked complete incomplete unverified y n x"""
HARMLESS = {*_HARMLESS.split(), "not applicable"}
MANY = 20  # different texts in one column


def free_text(texts: Sequence[str], counts: Sequence[int], declared: Iterable[str] = ()) -> str:
    """Why a column that no item claims holds free text, or the empty string.

    Choices are texts that several people share. A text that one person alone gave is that person's own words, also where
    the others chose from a list ("Other: …").

    texts     the different texts of the column
    counts    how many rows hold each
    declared  texts that the platform itself lists as choices
    """
    known = {text.casefold() for text in declared} | HARMLESS
    own = {
        text: int(n)
        for text, n in zip(texts, counts, strict=True)
        if text and not is_number(text) and not DATE.fullmatch(text) and text.casefold() not in known
    }
    alone = sum(n == 1 for n in own.values())
    if alone:
        return f"free text: {alone} of its answers {'was' if alone == 1 else 'were'} given by one person alone"
    if len(own) > MANY:
        return f"free text: {len(own)} different answers"
    return ""


# --- dates of birth --------------------------------------------------------------------------------------------------


def is_date(text: str) -> bool:
    """Whether a text is a day, with or without a time of day."""
    return DATE.fullmatch(text) is not None


def has_clock(text: str) -> bool:
    """Whether a text is a day with a time of day."""
    found = DATE.fullmatch(text)
    return bool(found and found["clock"])


def birth_year(text: str, latest: int) -> str | None:
    """The year of a date of birth, or None when the text is no date. Two digits mean the latest such year up to `latest`.

    >>> birth_year("04.05.1990", 2026), birth_year("5/4/90", 2026), birth_year("1990", 2026), birth_year("in May", 2026)
    ('1990', '1990', '1990', None)
    """
    text = re.sub(CLOCK + "$", "", text).strip() if ":" in text else text
    if found := re.fullmatch(r"(?:.*\D)?((?:19|20)\d{2})(?:\D.*)?", text):
        rest = text.replace(found[1], "", 1)
        return found[1] if re.fullmatch(r"[\d\s./-]*", rest) or _month_word(rest) else None
    if found := re.fullmatch(r"\d{1,2}[./-]\s?\d{1,2}[./-]\s?(\d{2})", text):
        year = latest - latest % 100 + int(found[1])
        return str(year if year <= latest else year - 100)
    return None


def _month_word(text: str) -> bool:
    return re.fullmatch(r"[\d\s.,/-]*[^\W\d_]{3,10}[\d\s.,/-]*", text) is not None


def looks_like_birth(texts: Sequence[str], collected: int) -> bool:
    """Whether a column's texts are all days (without a clock), most of them at least ten years before the wave."""
    days = [birth_year(text, collected) for text in texts if is_date(text) and not has_clock(text)]
    if not days or len(days) < len(texts):
        return False
    return float(np.median([int(year) for year in days if year])) <= collected - 10


# --- what dropped columns give away elsewhere ------------------------------------------------------------------------


@dataclass(frozen=True)
class Secrets:
    """Words and numbers that stand in dropped columns, to be looked for wherever else something is written or printed."""

    words: frozenset[str] = frozenset()

    def found_in(self, text: str) -> bool:
        """Whether a text holds one of them, as whole words."""
        return bool(text) and any(word in self.words for word in _phrases(text))

    def mask(self, text: str) -> str:
        """The text with every such word, and everything that tells by itself, replaced by […]."""
        for pattern in (EMAIL, URL_WHOLE, IPV4, HANDLE):
            text = pattern.sub("[…]", text)
        text = IPV6.sub(lambda found: "[…]" if _is_ip(found[0]) else found[0], text)
        text = PHONE.sub(
            lambda found: "[…]" if _is_phone(found[0]) and not DATE.fullmatch(found[0]) else found[0], text
        )
        text = PLACE.sub("[…]", text)
        return WORD.sub(lambda found: "[…]" if found[0].casefold() in self.words else found[0], text)


URL_WHOLE = re.compile(r"(?:https?:|www\.)\S+", re.I)
WORD = re.compile(r"[\w@.+-]*\w")
_OF_A_LANGUAGE = """will may mark grace hope joy faith rose april june august summer dawn art bill bob frank grant jack jean lane
max min miles pat ray rich rob rod sky sue victor ward guy love young long short old good best wise the and for
not you all how did was your with from never always often some other male female man woman single"""
OF_A_LANGUAGE = set(_OF_A_LANGUAGE.split())  # also names: looked for only beside their other half


def secrets_of(columns: Iterable[Sequence[str]], harmless: Iterable[str] = ()) -> Secrets:
    """What the texts of dropped columns would give away elsewhere: every word of at least three letters, and the whole.

    columns    the different texts of each dropped column that told somebody's name, address, number or id
    harmless   texts that are answers of the questionnaire: a word of theirs gives nothing away
    """
    spared = {word.casefold() for text in harmless for word in WORD.findall(text)} | OF_A_LANGUAGE
    words: set[str] = set()
    for texts in columns:
        for text in texts:
            whole = text.casefold()
            if len(whole) >= 4 and not re.fullmatch(r"[\d.,\s-]{1,5}", whole) and whole not in HARMLESS:
                words.add(" ".join(whole.split()))
            if not told_by(text) and not is_number(text):
                words |= {w.casefold() for w in WORD.findall(text) if len(w) >= 3 and not w.isdigit()}
    return Secrets(frozenset(words - spared - HARMLESS))


def _phrases(text: str) -> set[str]:
    """Single words of a text, neighbouring pairs and threes, and the whole."""
    words = [word.casefold() for word in WORD.findall(text)]
    runs = {" ".join(words[i : i + k]) for k in (1, 2, 3) for i in range(len(words) - k + 1)}
    return runs | {" ".join(text.casefold().split())}
