"""Names, synonyms, ranks and phylogenies of species."""
