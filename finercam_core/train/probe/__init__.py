"""The linear probe: features of a frozen backbone, a head on them, and heads that each leave a fold out."""
