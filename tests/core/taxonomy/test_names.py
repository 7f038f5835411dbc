"""Scientific names taken apart: what museums write, and any text at all."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finercam_core.taxonomy.names import ScientificName, is_referable, parse_name, parse_names

QUICK = settings(max_examples=300, deadline=None)
GENERA, EPITHETS = st.sampled_from(["Aus", "Notropis", "Esox"]), st.sampled_from(["bus", "hudsonius", "st-johni"])
SPACES = st.sampled_from([" ", "  ", "\t", " ", "\n"])
AUTHORS = st.sampled_from(
    ["", "Linnaeus, 1758", "(Cope, 1865)", "L.", "de Queiroz & Ash 1998", "Günther, 1862", "Jordan et al."]
)
ANY = st.text() | st.text("×xX.()[]?'\"_-,;:&/\\ Aabcfsp1é\u200b\u00ad", max_size=30)
CELLS = st.one_of(ANY, st.none(), st.floats(), st.integers(), st.sampled_from(["Aus bus", "Aus cf. bus"]))


@pytest.mark.parametrize(
    ("text", "canonical", "rank", "qualifier"),
    [
        ("Notropis atherinoides", "Notropis atherinoides", "species", ""),
        ("notropis atherinoides", "Notropis atherinoides", "species", ""),
        ("NOTROPIS ATHERINOIDES", "Notropis atherinoides", "species", ""),
        ("NOTROPIS ATHERINOIDES RAFINESQUE, 1818", "Notropis atherinoides", "species", ""),
        ("  Notropis \t atherinoides\u200b ", "Notropis atherinoides", "species", ""),
        ("Notropis_atherinoides", "Notropis atherinoides", "species", ""),
        ("'Notropis atherinoides'", "Notropis atherinoides", "species", ""),
        ("“Notropis atherinoides”", "Notropis atherinoides", "species", ""),
        ("<i>Notropis atherinoides</i> Rafinesque", "Notropis atherinoides", "species", ""),
        ("Notropis stramineus (Cope, 1865)", "Notropis stramineus", "species", ""),
        ("Esox lucius L.", "Esox lucius", "species", ""),
        ("Salmo trutta von Siebold, 1863", "Salmo trutta", "species", ""),
        ("Hybognathus (Notropis) hudsonius", "Hybognathus hudsonius", "species", ""),
        ("Heliconius erato cyrbia", "Heliconius erato cyrbia", "subspecies", ""),
        ("Heliconius erato subsp. cyrbia Godart", "Heliconius erato cyrbia", "subspecies", ""),
        ("Rosa canina L. var. dumalis (Bechst.) Baker", "Rosa canina var. dumalis", "variety", ""),
        ("Rosa canina f. alba", "Rosa canina f. alba", "form", ""),
        ("Esox sp.", "Esox sp.", "genus", "sp."),
        ("Esox sp. 1", "Esox sp. 1", "genus", "sp."),
        ("Esox spp", "Esox spp.", "genus", "sp."),
        ("Esox cf. lucius", "Esox cf. lucius", "species", "cf."),
        ("Esox cf lucius", "Esox cf. lucius", "species", "cf."),
        ("Esox aff. lucius", "Esox aff. lucius", "species", "aff."),
        ("Esox lucius × masquinongy", "Esox lucius × masquinongy", "species", "×"),
        ("Esox x masquinongy", "Esox × masquinongy", "species", "×"),
        ("Esox ×masquinongy", "Esox × masquinongy", "species", "×"),
        ("×Cuprocyparis leylandii", "× Cuprocyparis leylandii", "species", "×"),
        ("Gobiidae", "Gobiidae", "family", ""),
        ("gobiidae", "Gobiidae", "family", ""),
        ("Rosaceae", "Rosaceae", "family", ""),
        ("Perciformes", "Perciformes", "order", ""),
        ("Notropis", "Notropis", "genus", ""),
        ("Helianthus st-johni", "Helianthus st-johni", "species", ""),
        ("Heliconius melpomene rosina_N", "Heliconius melpomene rosina_N", "subspecies", "informal"),
        ("Notropis sp. nov. 'cave'", "Notropis sp. nov. 'cave'", "genus", "sp."),
        ("Aus bus/cus", "Aus bus or cus", "", "informal"),
        ("Salmo trutta L., 1758 x Salmo salar L., 1758", "Salmo trutta × Salmo salar", "species", "×"),
        ("Ficus d'albertisii King", "Ficus d'albertisii", "species", ""),
        ("Anomia atacamensis n.sp. HERM 1969", "Anomia atacamensis", "species", ""),
        ("Anomia atacamensis sp. nov.", "Anomia atacamensis", "species", ""),
        ("Notropis nov. sp.", "Notropis nov. sp.", "genus", "sp."),
        ("Notropis n. sp. 2", "Notropis n. sp. 2", "genus", "sp."),
        ("Notropis n.sp.", "Notropis n.sp.", "genus", "sp."),
        ("Evolvulus bogotensis v. Ooststroom", "Evolvulus bogotensis", "species", ""),
        ("Capparis lucida Banks int.f. lucida & pubescens Domin", "Capparis lucida", "species", ""),
        ("Cantharus lineolatus Valenciennes in Cuvier & Valenciennes, 1830", "Cantharus lineolatus", "species", ""),
        ("Esox lucius L. x masquinongy (Mitchill)", "Esox lucius × masquinongy", "species", "×"),
        ("Aus bus × cus × dus", "Aus bus × cus × dus", "species", "×"),
        ("unknown", "", "", ""),
        ("N/A", "", "", ""),
        ("-", "", "", ""),
        ("", "", "", ""),
        ("12345", "", "", ""),
    ],
)
def test_names_as_museums_write_them(text: str, canonical: str, rank: str, qualifier: str) -> None:
    found = parse_name(text)
    assert (found.canonical, found.taxonRank, found.qualifier) == (canonical, rank, qualifier)


@pytest.mark.parametrize(
    "name", ["Esox sp.", "Esox cf. lucius", "Esox aff. lucius", "Esox × niger", "Esox", "Gobiidae", ""]
)
def test_what_is_no_species_is_never_a_reference(name: str) -> None:
    assert not is_referable(name)


def test_similar_spellings_stay_two_species() -> None:
    names = pd.Series(["Cyprinella lutipinnis", "Cyprinella altipinnis"])
    assert parse_names(names)["canonical"].nunique() == 2


@QUICK
@given(GENERA, EPITHETS, AUTHORS, SPACES, st.sampled_from([str, str.lower, str.capitalize]))
def test_authors_case_and_spaces_do_not_make_another_species(genus, epithet, author, space, case) -> None:
    found = parse_name(f" {case(f'{genus} {epithet}').replace(' ', space)}{space}{author} ")
    assert found.canonical == f"{genus} {epithet}"
    assert found.is_referable


@QUICK
@given(ANY)
def test_any_text_is_taken_and_what_comes_back_is_clean(text: str) -> None:
    found = parse_name(text)
    assert isinstance(found, ScientificName)
    for value in (found.canonical, found.genus, found.specificEpithet, found.infraspecificEpithet):
        assert value == " ".join(value.split())
        assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in value)
    assert not (found.is_referable and (found.qualifier or " " not in found.canonical))


@QUICK
@given(ANY)
@example("X ¼")
@example("a×A")
@example("a×ABCDE")
def test_a_cleaned_name_is_cleaned_once(text: str) -> None:
    once = parse_name(text)
    if once.qualifier != "informal":  # those are kept as they are written, capitals and all
        assert parse_name(once.canonical).canonical == once.canonical
        assert is_referable(once.canonical) == once.is_referable


@QUICK
@given(
    st.lists(
        st.one_of(ANY, st.none(), st.floats(), st.integers(), st.sampled_from(["Aus bus", "Aus cf. bus"])), max_size=8
    )
)
def test_columns_of_anything_are_parsed_as_their_cells_are(cells: list[object]) -> None:
    table = parse_names(pd.Series(cells, dtype=object))
    assert len(table) == len(cells)
    for cell, canonical in zip(cells, table["canonical"], strict=True):
        if isinstance(cell, str):
            assert canonical == parse_name(cell).canonical
