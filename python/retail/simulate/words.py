"""The words that products are made of: invented motifs, plain colours, everyday objects.

An object carries its theme (which gives it its season) and the usual price of one piece in pounds.
"""

COLOURS = (
    "RED", "BLUE", "PINK", "GREEN", "IVORY", "CREAM", "BLACK", "WHITE", "SILVER", "GOLD", "PURPLE",
    "MINT", "LILAC", "CORAL", "NAVY", "SAGE", "AMBER", "TEAL", "VINTAGE", "RUSTIC", "ANTIQUE",
)  # fmt: skip

MOTIFS = (
    "HARBOUR", "MEADOW", "FOXGLOVE", "ORCHARD", "BRAMBLE", "CAROUSEL", "STARFISH", "TARTAN",
    "CHEVRON", "DAISY CHAIN", "ROBIN", "HEDGEHOG", "OWLET", "TOADSTOOL", "ACORN", "NAUTICAL",
    "CIRCUS", "BUMBLEBEE", "THISTLE", "COTTAGE", "HEART", "STAR", "SWALLOW", "PEBBLE", "TULIP",
    "MARGUERITE", "ROCKET", "PIRATE", "MERMAID", "SAFARI", "GINGERBREAD", "SNOWDROP", "POPPY",
    "LATTICE", "DAMASK", "PEACOCK", "BLOSSOM", "FERN", "SEASHELL", "RAINBOW", "PINSTRIPE",
    "BUTTERFLY", "WILLOW", "DOVE", "TEDDY",
)  # fmt: skip

OBJECTS: dict[str, tuple[tuple[str, float], ...]] = {
    "light": (
        ("LANTERN", 3.29), ("T-LIGHT HOLDER", 1.45), ("FAIRY LIGHTS", 4.95), ("NIGHT LIGHT", 2.55),
        ("SCENTED CANDLE", 1.25), ("CANDLE HOLDER", 2.95), ("CANDLE PLATE", 2.10),
        ("TABLE LAMP", 8.50), ("LAMPSHADE", 4.25),
    ),
    "bag": (
        ("SHOPPER BAG", 1.95), ("LUNCH BAG", 1.65), ("TOTE BAG", 2.10), ("JUMBO BAG", 1.95),
        ("PURSE", 2.95), ("WASH BAG", 3.75), ("PEG BAG", 2.55), ("UMBRELLA", 4.95),
    ),
    "kitchen": (
        ("MUG", 1.25), ("BOWL", 1.25), ("PLATE", 1.69), ("TEA TOWEL", 1.45), ("APRON", 4.95),
        ("TEAPOT", 5.95), ("MILK JUG", 2.95), ("EGG CUP", 0.85), ("KITCHEN SCALES", 8.50),
        ("COASTER", 0.85), ("CAKE TIN", 4.95), ("CAKE STAND", 9.95), ("CUTLERY SET", 4.25),
        ("BREAD BIN", 12.75), ("JAM JAR", 0.85), ("WATER BOTTLE", 2.10), ("RECIPE BOX", 2.95),
        ("OVEN GLOVE", 1.25), ("SERVING TRAY", 3.75),
    ),
    "christmas": (
        ("BAUBLE", 0.85), ("CHRISTMAS STOCKING", 2.95), ("WREATH", 4.95), ("TREE DECORATION", 0.85),
        ("ADVENT CALENDAR", 5.95), ("CHRISTMAS GARLAND", 3.75), ("CHRISTMAS CARD", 0.42),
        ("CHRISTMAS CRACKER", 1.25), ("SNOW GLOBE", 2.10),
    ),
    "garden": (
        ("WATERING CAN", 4.95), ("PLANT POT", 1.65), ("BIRD FEEDER", 2.95), ("TROWEL", 1.65),
        ("GARDEN KNEELER", 1.65), ("DECKCHAIR", 14.95), ("PICNIC BASKET", 9.95),
        ("SEED PACKET", 0.42), ("WINDMILL", 1.25), ("PARASOL", 5.95),
    ),
    "stationery": (
        ("NOTEBOOK", 1.65), ("GIFT WRAP", 0.42), ("GREETING CARD", 0.42), ("PENCIL CASE", 1.25),
        ("GIFT TAG", 0.29), ("STICKER SHEET", 0.42), ("JOURNAL", 2.95), ("RULER", 1.45),
        ("PAPER CHAIN", 2.95), ("POSTCARD", 0.19), ("RIBBON", 0.85), ("STICKY TAPE", 0.65),
    ),
    "toy": (
        ("SKIPPING ROPE", 1.65), ("PUZZLE", 0.85), ("SPINNING TOP", 0.55), ("RAG DOLL", 2.95),
        ("FINGER PUPPET", 0.42), ("PLAYHOUSE", 12.75), ("BUILDING BLOCKS", 4.15),
        ("MONEY BOX", 2.10), ("MEMORY GAME", 3.75), ("TOY TRUCK", 2.95),
    ),
    "jewellery": (
        ("NECKLACE", 4.25), ("BRACELET", 2.95), ("EARRINGS", 2.10), ("BROOCH", 1.65),
        ("HAIR SLIDE", 0.85), ("KEY RING", 0.85), ("PHONE CHARM", 0.85), ("RING", 1.25),
    ),
    "home": (
        ("PHOTO FRAME", 2.95), ("WALL MIRROR", 4.95), ("CUSHION COVER", 3.75), ("DOORMAT", 7.95),
        ("WALL CLOCK", 5.95), ("ALARM CLOCK", 3.75), ("METAL SIGN", 2.10), ("DOORSTOP", 4.95),
        ("DRAWER KNOB", 1.45), ("COAT HOOK", 2.55), ("STORAGE BOX", 2.95), ("TRINKET BOX", 1.65),
        ("CABINET", 16.95), ("STOOL", 9.95), ("CANDY JAR", 2.55), ("WALL ART", 2.95),
        ("FRIDGE MAGNET", 0.85), ("TISSUE BOX", 1.25), ("QUILT", 12.75), ("INCENSE STICKS", 0.29),
    ),
    "party": (
        ("BUNTING", 4.95), ("PAPER PLATES", 0.85), ("PAPER NAPKINS", 0.85), ("BALLOONS", 0.65),
        ("CAKE CASES", 0.55), ("PAPER CUPS", 0.85), ("PARTY HORN", 0.39), ("PARTY BAG", 0.85),
    ),
    "winter": (
        ("HOT WATER BOTTLE", 4.95), ("HAND WARMER", 2.10), ("SCARF", 3.75), ("BLANKET", 7.95),
        ("DRAUGHT EXCLUDER", 5.95),
    ),
    "easter": (("EASTER EGG DECORATION", 0.85), ("EASTER BASKET", 2.10), ("CHICK ORNAMENT", 0.42)),
}  # fmt: skip

# How demand for a theme moves through the year, January to December, around 1.
SEASONS: dict[str, tuple[float, ...]] = {
    "christmas": (0.15, 0.05, 0.03, 0.03, 0.03, 0.05, 0.25, 0.7, 1.8, 2.8, 3.4, 2.6),
    "garden": (0.5, 0.8, 1.3, 1.8, 1.9, 1.6, 1.3, 0.9, 0.6, 0.4, 0.3, 0.3),
    "winter": (1.3, 1.0, 0.5, 0.2, 0.1, 0.1, 0.2, 0.5, 1.2, 2.0, 2.6, 2.2),
    "easter": (0.8, 2.2, 4.0, 3.5, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
    "light": (0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.9, 1.0, 1.1, 1.3, 1.4, 1.4),
    "party": (0.8, 0.8, 1.0, 1.4, 1.5, 1.5, 1.3, 1.0, 0.8, 0.7, 0.6, 0.6),
}
SIZES = ("SET OF 3", "SET OF 4", "SET OF 6", "PACK OF 12", "SMALL", "LARGE", "MINI")
SIZE_PRICES = (1.7, 2.0, 2.4, 2.6, 0.7, 1.4, 0.6)

# Notes that staff type over a description when they correct the stock.
STOCK_NOTES = (
    "damaged", "damages", "check", "?", "found", "thrown away", "adjustment", "sold as set",
    "wrongly coded", "Damaged", "missing", "??", "counted", "mouldy, destroyed.", "wet boxes",
)  # fmt: skip
STOCK_NOTE_WEIGHTS = (9.0, 6.0, 16.0, 5.0, 4.0, 2.0, 3.0, 2.0, 1.0, 1.5, 1.0, 1.0, 1.0, 0.8, 0.6)
