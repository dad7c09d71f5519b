"""Amounts of money: whole numbers in the smallest unit of a currency, such as cents."""

from collections.abc import Mapping

#: the largest amount, in the smallest unit
MAX_AMOUNT = 100_000_000

_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
    COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR
    ZMW
"""
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"

#: ISO 4217 code of a currency in circulation → the number of decimals of its amounts
DECIMALS: Mapping[str, int] = {
    code: decimals
    for decimals, codes in ((0, _WITHOUT_DECIMALS), (2, _WITH_TWO), (3, _WITH_THREE))
    for code in codes.split()
}


def format_amount(amount: int, currency: str) -> str:
    """Return an amount as a decimal number in the currency's main unit, such as "12.50" for 1250 in EUR."""
    decimals = DECIMALS[currency]
    if not decimals:
        return str(amount)
    main, rest = divmod(abs(amount), 10**decimals)
    return f"{'-' if amount < 0 else ''}{main}.{rest:0{decimals}}"
