"""Numbers as the pages write them, and tables of them."""
import csv
import json
import math


def rows_of(path):
    """A TSV file as a list of dicts; "NA" stays text."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def json_of(path):
    return json.loads(path.read_text())


def value(text):
    """A number, or None where there is none."""
    return None if text in (None, "", "NA") else float(text)


def markdown(header, rows):
    rows = list(rows)
    if not rows:
        raise ValueError("a table without a row: the run has measured nothing")
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def fixed(number, digits=2):
    """"0.43"; empty for None."""
    return "" if number is None else f"{number:.{digits}f}"


def signed(number, digits=2):
    """With a minus that is no hyphen; what is rounded to 0 has none."""
    return "" if number is None else f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−")


def short(number, digits=2):
    """So many significant digits: "1.1", "1.6e+02"."""
    return "" if number is None else f"{number:.{digits}g}"


def counted(number):
    """"4,068,313"."""
    return f"{number:,.0f}"


def small(number):
    """Of p-values and short times: "0.04", "4e-03"."""
    if number is None:
        return ""
    return f"{number:.2f}" if number >= 0.00995 else f"{number:.0e}"


def seconds(number):
    if number >= 10:
        return f"{number:.0f}"
    return short(number) if number >= 1 else small(number)


def power_of_ten(number):
    """Of p-values in prose: "0.04", "0.003", "1 · 10⁻⁵"."""
    if number is None:
        return ""
    if number >= 0.0095:
        return f"{number:.2f}"
    if number >= 0.00095:
        return f"{number:.3f}"
    if number == 0:
        return "0"
    digit, exponent = f"{number:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digit} · 10{raised}"


def mean(numbers):
    return sum(numbers) / len(numbers) if numbers else None


def median(numbers):
    ordered = sorted(numbers)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def deviation(numbers):
    centre = mean(numbers)
    return math.sqrt(sum((x - centre) ** 2 for x in numbers) / (len(numbers) - 1))
