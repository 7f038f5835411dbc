"""Two texts that denote different taxa never give one class, and what only authors add makes no second one."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finercam_core.catalog.curation.names import homonyms, kept_apart, whole_names
from finercam_core.taxonomy.names import parse_name, parse_names
from finercam_core.taxonomy.similar_names import similar_names

QUICK = settings(max_examples=150, deadline=None)
PATTERNS = [
    "Aus {}", "Aus (B.) {}", "Aus (Bus) {}", "Aus subg. Bus {}", "Aus dus {}", "Aus dus subsp. eus var. {}",
    "Aus dus var. {}", "Aus dus f. {}", "Aus dus convar. {}", "Aus dus Linnaeus, 1758 var. {}", "Aus dus f. sp. {}",
    "Aus cf. {}", "Aus aff. {}", "Aus dus × {}", "Animalia Aa Bb Cc Ddidae Aus {}", "Aus dus ab. {}",
    "Aus dus morph {}",
]  # fmt: skip
TELLING = [
    "Aus bus {}", "Aus cf. bus {}", "Aus sp. {}", "Aus bus sp. {}", "Aus bus strain {}", "Aus bus form {}",
    "Aus bus clade {}", "Aus bus 'Gem {}'", "Aus bus cv. Gem {}", "Aus (Bus) sp. {}", "Aus bus Smith {}",
    "Aus bus serovar {}", "Aus bus virus {}", "Aus sect. {}", "Candidatus Aus bus {}", "Aus bus + cus {}",
]  # fmt: skip


@QUICK
@given(st.sampled_from(PATTERNS), st.sampled_from(["alba", "nigra", "virens"]), st.sampled_from(["rubra", "minor"]))
def test_another_epithet_is_another_class(pattern: str, a: str, b: str) -> None:
    first, second = (parse_name(pattern.format(epithet)).canonical for epithet in (a, b))
    assert first != second
    assert a in first


@pytest.mark.parametrize("pattern", TELLING)
def test_numbers_letters_and_cultivars_tell_apart(pattern: str) -> None:
    names = {parse_name(pattern.format(mark)).canonical for mark in ("A", "B", "1", "2")}
    assert len(names) == 4
    assert parse_name("Aus bus").canonical not in names


@pytest.mark.parametrize("mark", ["I", "II", "XIV", "TX", "CA", "NPV", "MNPV-B", "virus", "bacteriophage", "symbiont"])
def test_codes_and_what_lives_in_a_species_are_no_authors(mark: str) -> None:
    assert parse_name(f"Aus bus {mark}").canonical == f"Aus bus {mark}"
    assert not parse_name(f"Aus bus {mark}").is_referable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cordia sect. Salimori", "Cordia L. sect. Cordia"),
        ("Calathus (Lindrothius) Kurnakov, 1961", "Calathus Bonelli, 1810"),
        ("Leptonetela la Wang & Li, 2017", "Leptonetela Absolon & Kratochvíl, 1932"),
        ("Zodarion van Bosmans, 2009", "Zodarion zu Bosmans, 2009"),
        ("Agrostis L. × Polypogon Desf.", "Agrostis L."),
        ("Crataegus + Mespilus", "Crataegus + Sorbus"),
        ("Rosa weyrichii Maxim. albiflora T.Yamaz. f. minor", "Rosa weyrichii Maxim. rubra T.Yamaz. f. minor"),
        ("Agra not Erwin, 2002", "Agra Fabricius, 1801"),
    ],
)
def test_what_stands_before_or_behind_an_author_is_kept(one: str, other: str) -> None:
    assert parse_name(one).canonical != parse_name(other).canonical


TAXA = st.tuples(
    st.sampled_from(["Aus", "Bus"]), st.sampled_from(["", "cf.", "aff.", "×", "(Cus)"]),
    st.sampled_from(["alba", "nigra"]),
    st.sampled_from(["", "subsp. minor", "var. minor", "f. minor", "major", "sect. Minor", "serovar Minor"]),
    st.sampled_from(["", "A", "I", "II", "TX", "NPV", "2", "strain 3", "'Gem'", "cv. Gem", "sp. 2", "× rubra", "group",
                     "+ rubra", "(dark form)", "virus"]),
)  # fmt: skip
SIGNED = st.sampled_from(
    ["", "L.", "Linnaeus, 1758", "(Cope, 1865)", "d'Orbigny", "dos Santos", "de Queiroz & Ash 1998"]
)


@settings(max_examples=600, deadline=None)
@given(TAXA, TAXA, SIGNED, SIGNED)
def test_two_taxa_of_one_grammar_are_two_classes(one: tuple, other: tuple, first: str, second: str) -> None:
    # A subgenus says nothing of the species in it.
    taxa = [tuple(part for part in taxon if part != "(Cus)") for taxon in (one, other)]
    texts = [" ".join(" ".join([*taxon[:3], author, *taxon[3:]]).split())
             for taxon, author in ((one, first), (other, second))]  # fmt: skip
    classes = [parse_name(text).canonical for text in texts]
    assert [part for part in taxa[0] if part] == [part for part in taxa[1] if part] or classes[0] != classes[1], texts


AUTHORS = [
    "d'Orbigny, 1840", "dos Santos", "ten Kate", "f. ex Grev.", "Cuvier y Valenciennes", "Meyer und Smith", "s.l.",
    "s. str.", "C. L. Koch", "(Müll.Arg.) Pax & K.Hoffm.", "O'Brien", "das Neves, 1990", "hort. ex Smith", "♀",
    "juvenile", "female", "Linnaeus, 1758 male",
]  # fmt: skip


@pytest.mark.parametrize("author", AUTHORS)
def test_authors_particles_sex_and_stage_are_not_epithets(author: str) -> None:
    name = parse_name(f"Aus bus {author}")
    assert (name.canonical, name.taxonRank, name.is_referable) == ("Aus bus", "species", True)


@pytest.mark.parametrize(
    ("text", "canonical", "rank"),
    [
        ("Ustilaginoidea virens", "Ustilaginoidea virens", "species"),
        ("Anguinae dubia", "Anguinae dubia", "species"),
        ("†Priscacara serrata", "Priscacara serrata", "species"),
        ("Rosa canina var.alba", "Rosa canina var. alba", "variety"),
        ("Aus bus cus var. dus", "Aus bus cus var. dus", "variety"),
        ("Aus (Bus)", "Aus (Bus)", "subgenus"),
        ("00000_Animalia_Chordata_Actinopterygii_Esociformes_Esocidae_Esox_lucius", "Esox lucius", "species"),
    ],
)
def test_names_that_were_taken_for_something_else(text: str, canonical: str, rank: str) -> None:
    name = parse_name(text)
    assert (name.canonical, name.taxonRank) == (canonical, rank)


@pytest.mark.parametrize(
    "text", ["unknown species", "Unidentified fish", "not recorded", "Not yet identified", "no data available", "TBD"]
)
def test_placeholders_name_nothing(text: str) -> None:
    assert parse_name(text).canonical == ""


def test_common_names_with_one_beginning_stay_apart() -> None:
    texts = pd.Series(
        ["White breasted Nuthatch", "White breasted Kingfisher", "Common blue Butterfly", "Common blue Snapper"]
    )
    assert kept_apart(texts, parse_names(texts)).nunique() == 4


def test_authors_that_are_known_elsewhere_do_not_keep_names_apart() -> None:
    texts = pd.Series(["Aus bus Linnaeus", "Aus bus (Linnaeus, 1758)", "Aus bus Linné", "Aus bus"])
    assert set(kept_apart(texts, parse_names(texts))) == {"Aus bus"}


PARTS = ["scientificName", "genus", "specificEpithet", "infraspecificEpithet", "taxonRank"]


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["", "Heliconius", "erato", "", ""], "Heliconius erato"),
        (["", "Heliconius", "erato", "cyrbia", ""], "Heliconius erato cyrbia"),
        (["", "Rosa", "canina", "alba", "variety"], "Rosa canina var. alba"),
        (["erato cyrbia", "Heliconius", "", "", ""], "Heliconius erato cyrbia"),
        (["cf. lucius", "Esox", "", "", ""], "Esox cf. lucius"),
        (["sp. 1", "Esox", "", "", ""], "Esox sp. 1"),
        (["Esox lucius", "Esox", "lucius", "", ""], "Esox lucius"),
        (["esox lucius", "Esox", "lucius", "", ""], "esox lucius"),
        (["Esox lucius L.", "", "", "", ""], "Esox lucius L."),
        (["erato", "Heliconius", "", "phyllis", "subspecies"], "Heliconius erato phyllis"),
    ],
)
def test_names_in_parts_are_put_together(cells: list[str], name: str) -> None:
    assert whole_names(pd.DataFrame([cells], columns=PARTS)).tolist() == [name]


def test_one_name_under_two_codes_is_set_aside_by_name() -> None:
    families = ["Moraceae", "Moraceae", "Ficidae", ""]
    rows = pd.DataFrame({"scientificName": "Ficus variegata", "family": families, "kingdom": ""})
    reasons = homonyms(rows)
    assert [bool(reason) for reason in reasons] == [False, False, True, False]
    assert "Ficus variegata" in reasons[2]


def test_look_alike_letters_and_genders_are_listed_as_similar() -> None:
    pairs = similar_names(
        ["Notrоpis hudsоnius", "Notropis hudsonius", "Aus niger", "Aus nigra", "Bus albus", "Bus alba"]
    )
    assert len(pairs) == 3


def test_no_rank_gives_the_class_of_another() -> None:
    patterns = [pattern for pattern in PATTERNS if "dus" in pattern and "Linnaeus" not in pattern]
    assert len({parse_name(pattern.format("alba")).canonical for pattern in patterns}) == len(patterns)
