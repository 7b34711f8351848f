"""The one error of scgrids."""


class Error(ValueError):
    """What is wrong with options, files or values, in the words of the command line.

    Attributes
    ----------
    kind
        ``"usage"`` (options that make no sense), ``"input"`` (files or values that cannot be used),
        ``"cancelled"`` or ``"internal"`` (a mistake of scgrids: please report it).
    """

    def __init__(self, message: str, kind: str = "input"):
        super().__init__(message)
        self.kind = kind
