"""One module a layout: each turns a folder, archive or table into a `Source`, and judges nothing."""
