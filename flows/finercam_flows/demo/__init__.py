"""`finercam demo`: the whole route on rendered specimens whose true differences are known."""
