"""Searching whatever the case and accents of the words."""

from api.domain.searching import has_all_words, split_words


def test_case_and_accents_make_no_difference() -> None:
    assert split_words(" ATENCIÓN  atencion\tGröße ") == ("atencion", "grosse")
    assert has_all_words("Große Atención", split_words("gros átencion"))
    assert not has_all_words("Atención", split_words("atencion grosse"))
    assert has_all_words("", ())
