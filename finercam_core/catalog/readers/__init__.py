"""One module per layout: each turns a folder, archive or table into a `CatalogSource`, and judges nothing."""
