"""What the platform calls, as `index.main_handler`: it lies at the root of the package that `make scf-zip` builds."""

from starter.scf import main_handler

__all__ = ["main_handler"]
