"""A group of commands one of which needs not be named."""

from typing import Any, ClassVar

from typer.core import TyperGroup


class StoreOrCommand(TyperGroup):
    """Takes ``finercam review maps.zarr`` for its hidden command `default`: what is no other command belongs to it."""

    default: ClassVar[str] = "open"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Name the hidden command where no other is named."""
        others = self.commands.keys() - {self.default}
        return super().parse_args(ctx, args if args and args[0] in others else [self.default, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Leave the hidden command's name out, so that its usage reads as ``finercam review STORE``."""
        name, found, rest = super().resolve_command(ctx, args)
        return "" if name == self.default else name, found, rest
