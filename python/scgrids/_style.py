"""Colours of the figures: Okabe and Ito's, which readers with any colour vision tell apart."""

INK, SOFT, RULE = "#1c1c1a", "#5d5d58", "#dcdcd6"
BLUE, ORANGE, GREEN, VERMILION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, GREY = "#cc79a7", "#56b4e9", "#94948e"
#: Of cell types, in their order.
TYPES = (BLUE, GREEN, VERMILION, PURPLE, SKY, ORANGE)
