"""From a catalog to a store that waits for its maps: slots of specimens, groups of species."""
