"""Accepted names from a table: chains to their end, what is ambiguous left alone, nothing by likeness."""

from pathlib import Path

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.errors import CatalogError
from finercam_core.taxonomy.synonyms import read_synonyms

TABLES = {
    "pairs.csv": "synonym,accepted\nnotropis lutrensis,Cyprinella lutrensis (Baird & Girard 1853)\n",
    "taxon.tsv": "taxonID\tscientificName\tacceptedNameUsageID\ttaxonomicStatus\n"
    "1\tCyprinella lutrensis\t1\taccepted\n2\tNotropis lutrensis\t1\tsynonym\n",
    "usage.csv": "scientificName,acceptedNameUsage\nNotropis lutrensis,Cyprinella lutrensis\nEsox lucius,\n",
    "dwc.csv": "dwc:taxonID,dwc:scientificName,dwc:acceptedNameUsageID\n"
    "a,Cyprinella lutrensis,\nb,Notropis lutrensis,a\n",
    "taxonopy.csv": "scientific_name,genus,species,resolution_status\n"
    "Notropis lutrensis,Cyprinella,Cyprinella lutrensis,EXACT_MATCH_PRIMARY_SOURCE_SYNONYM\n"
    "Esox nigr,Esox,Esox niger,FAILED_NO_MATCH\n",
    "epithets.csv": "scientific_name,genus,species,resolution_status\nNotropis lutrensis,Cyprinella,lutrensis,EXACT\n",
}


def write(folder: Path, text: str, name: str = "s.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_table_says_the_same(tmp_path: Path, name: str) -> None:
    assert dict(read_synonyms(write(tmp_path, TABLES[name], name)).accepted) == {
        "Notropis lutrensis": "Cyprinella lutrensis"
    }


def test_chains_end_and_circles_and_homonyms_change_nothing(tmp_path: Path) -> None:
    chain, circle = "Aus alpha,Aus beta\nAus beta,Aus gamma\n", "Bus one,Bus other\nBus other,Bus one\n"
    homonym = "Cus mus,Cus nus\nCus mus,Cus ous\n"
    found = read_synonyms(write(tmp_path, f"synonym,accepted\n{chain}{circle}{homonym}"))
    assert dict(found.accepted) == {"Aus alpha": "Aus gamma", "Aus beta": "Aus gamma"}
    assert found.ambiguous == ("Cus mus",)


TAXA = "taxonID,scientificName,acceptedNameUsageID\na,Cyprinella lutrensis,\nb,Notropis lutrensis,a\n"


def test_a_name_without_an_id_is_accepted_for_no_other(tmp_path: Path) -> None:
    found = read_synonyms(write(tmp_path, f"{TAXA},Esox niger,\n,Esox lucius,\n"))
    assert dict(found.accepted) == {"Notropis lutrensis": "Cyprinella lutrensis"}


@pytest.mark.parametrize("name", ["Esox niger", "Cyprinella lutrensis (Baird & Girard 1853)"])
def test_an_id_of_two_names_is_refused(tmp_path: Path, name: str) -> None:
    table = write(tmp_path, f"{TAXA}a,{name},\n")
    if name == "Esox niger":
        with pytest.raises(CatalogError, match="taxonID a for Cyprinella lutrensis and for Esox niger"):
            read_synonyms(table)
    else:
        assert dict(read_synonyms(table).accepted) == {"Notropis lutrensis": "Cyprinella lutrensis"}


def test_rows_that_cannot_be_read_are_not_left_out_in_silence(tmp_path: Path) -> None:
    table = write(tmp_path, "synonym,accepted\nAus bus,Aus cus\nAus dus,Aus eus,x\nAus fus\n")
    with pytest.raises(CatalogError, match=r"row 3 of .* cannot be read: the row has 3 fields .*; nor can 1 more"):
        read_synonyms(table)


def test_similar_names_are_not_synonyms(tmp_path: Path) -> None:
    found = read_synonyms(write(tmp_path, TABLES["pairs.csv"]))
    names = pd.Series(["Notropis lutrensi", "Notropis lutrensis", "Notropis Lutrensis"])
    assert found.accept(names).tolist() == ["Notropis lutrensi", "Cyprinella lutrensis", "Notropis Lutrensis"]


@pytest.mark.parametrize("by", ["argument", "manifest"])
def test_a_catalog_takes_accepted_names_and_says_so(tmp_path: Path, by: str) -> None:
    synonyms = write(tmp_path, TABLES["pairs.csv"], "syn.csv")
    table = write(tmp_path, "species,path\nNotropis lutrensis,a.jpg\nNotropis hudsonius,b.jpg\n", "t.csv")
    if by == "argument":
        found = open_catalog(table, synonyms=synonyms)
    else:
        about = '[collection]\nname = "x"\nsynonyms = "syn.csv"\n[[tables]]\npath = "t.csv"\n'
        found = open_catalog(write(tmp_path, about, "m.toml"))
    assert found.species == ["Cyprinella lutrensis", "Notropis hudsonius"]
    assert found.specimens["genus"].tolist() == ["Cyprinella", "Notropis"]
    assert found.corrections["reason"].tolist() == ["synonym of the accepted name"]


def test_a_table_that_is_none_of_synonyms_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="not a table of synonyms; it has the columns a, b"):
        read_synonyms(write(tmp_path, "a,b\n1,2\n"))


@pytest.mark.parametrize("name", ["synonyms.csv", "synonyms.tsv"])
def test_a_table_whose_encoding_is_a_guess_is_refused(tmp_path: Path, name: str) -> None:
    separator = "\t" if name.endswith("tsv") else ","
    text = f"synonym{separator}accepted\nAus mülleri{separator}Aus bus\n"
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(CatalogError, match=f"{name} is not a readable table: it is not UTF-8: save it as UTF-8"):
        read_synonyms(str(tmp_path / name))
