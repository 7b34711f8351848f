"""Draws changes of a room's sources and runs the room's tests on each: see mutate.sh."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = os.cpu_count()
SLOWER = 5  # times the time of the tests without a change: such a change is killed
IDLE_SECONDS = 60  # without any thread at work: it hangs
MEMORY_MB = 6000
PLAIN = ("-O1",)
# Of the changed file alone: what it reads or writes past an end is in the heap that all share.
SANITIZED = (
    "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DGRIDS_NO_CLONES",
)  # fmt: skip

# ---- Where a change can be made ----------------------------------------------------------------

NO_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/                        # comments
      | R"([^(\s]*)\(.*?\)\1" | "(?:\\.|[^"\\\n])*"   # strings
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'           # characters, not the marks in 100'000
      | ^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*                # the preprocessor's lines
    """,
    re.X | re.S | re.M,
)
# What is only said to the user, or to the compiler.
STATEMENTS = re.compile(r"\b(?:throw|static_assert)\b")
MESSAGES = re.compile(r"(?:\bfmt::\w+|\bwarning|\bproblem_?|\.error)(?=\()")

SWAPS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",),
    "+=": ("-=",), "-=": ("+=",), "*=": ("/=",), "/=": ("*=",),
    "++": ("--",), "--": ("++",), "!": ("",),
    "true": ("false",), "false": ("true",), "break": ("continue",), "continue": ("break",),
    "min": ("max",), "max": ("min",), "floor": ("ceil",), "ceil": ("floor",),
    "lower_bound": ("upper_bound",), "upper_bound": ("lower_bound",),
}  # fmt: skip
# The formatter puts spaces around binary operators, and never around the brackets of a template.
PLACES = re.compile(
    r"""(?<=\s)(?:[<>=!]=|[-+*/]=?|[<>]|&&|\|\|)(?=\s)
      | (?<!operator)(?:\+\+|--) | !(?=[\w(])
      | \b(?:true|false|break|continue)\b
      | (?<=std::)(?:min|max|floor|ceil|lower_bound|upper_bound)\b
      | (?<![\w.'])(?:\d[\d']*(?:\.\d*)?(?:e-?\d+)?)(?=[FUL]*\b|\s|[;,)\]}])
    """,
    re.X,
)


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str  # from the repository's root
    line: int
    column: int
    old: str
    new: str

    def applied(self):
        """The source with the change, or None where it no longer has its place."""
        lines = (ROOT / self.path).read_text().splitlines(keepends=True)
        at = slice(self.column, self.column + len(self.old))
        if self.line > len(lines) or lines[self.line - 1][at] != self.old:
            return None
        text = lines[self.line - 1]
        lines[self.line - 1] = text[: at.start] + self.new + text[at.stop :]
        return "".join(lines)

    def __str__(self):
        text = (ROOT / self.path).read_text().splitlines()[self.line - 1].strip()
        change = f"{self.old} -> {self.new}" if self.new else f"without {self.old}"
        return f"{self.path}:{self.line}:{self.column + 1}: {change}\n    {text}\n"


def blank(text, start, end):
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


def end_of(text, start, stop):
    """Where the bracket that opens at `start` is closed, or `stop` stands outside of brackets."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth <= 0 and text[at] in stop:
            return at
    return len(text)


def code_of(text):
    """The source with spaces for all that must not be changed."""
    text = NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    for found in STATEMENTS.finditer(text):
        text = blank(text, found.start(), end_of(text, found.end(), ";"))
    for found in MESSAGES.finditer(text):
        text = blank(text, found.start(), end_of(text, found.end(), ")"))
    return text


def replacements(old):
    if not old[0].isdigit():
        return SWAPS[old]
    plain = old.replace("'", "")
    if not plain.isdigit():
        return (repr(2 * float(plain) or 1.0),)
    number = int(plain)
    return (str(number + 1),) if number == 0 else (str(number + 1), str(number - 1))


def draw(sources, seed):
    """All places of the sources in random order, each with one change."""
    chance = random.Random(seed)
    mutants = []
    for source in sources:
        path = str(source.relative_to(ROOT))
        for number, line in enumerate(code_of(source.read_text()).splitlines(), 1):
            for found in PLACES.finditer(line):
                new = chance.choice(replacements(found.group()))
                mutants.append(Mutant(path, number, found.start(), found.group(), new))
    chance.shuffle(mutants)
    return mutants


# ---- Compiling and testing ---------------------------------------------------------------------


class Build:
    """The room's tests as the release preset builds them, with the room's own files one by one."""

    def __init__(self, room, sources, pool):
        subprocess.run(["scripts/build.sh", "release", f"test_{room}"], cwd=ROOT, check=True)
        self.folder = ROOT / "build/release"
        self.own = ROOT / "build/mutate" / room
        self.own.mkdir(parents=True, exist_ok=True)
        for folder in filter(pathlib.Path.is_dir, self.own.iterdir()):
            shutil.rmtree(folder)
        self.program = f"bin/test_{room}"
        self.archive = f"libgrids_{room}.a"
        self.compiler = self.flags_of(f"CMakeFiles/grids_{room}.dir/")
        commands = self.output("ninja", "-t", "commands", self.program)
        self.link = shlex.split(commands.splitlines()[-1].strip(": &"))
        names = [str(source.relative_to(ROOT)) for source in sources]
        self.objects = dict(zip(names, pool.map(self.unchanged, sources)))
        self.broken = []
        self.limits = {PLAIN: self.limit(PLAIN)}

    def output(self, *command):
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def flags_of(self, target):
        """The compiler and the flags of any file of the target."""
        for entry in json.loads((self.folder / "compile_commands.json").read_text()):
            words = shlex.split(entry["command"])
            written = words.index("-o")
            if words[written + 1].startswith(target):
                return [word for word in words[:written] if word != "-Werror"] + ["-w"]
        sys.exit(f"{self.folder} does not build {target}")

    def unchanged(self, source):
        made = self.own / f"{source.stem}.o"
        command = self.command(source, made, PLAIN)
        if shutil.which("ccache"):
            command.insert(0, "ccache")
        subprocess.run(command, cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        return made

    def limit(self, flags):
        """CPU seconds beyond which the tests take too long; leaves out tests that fail as it is."""
        program = self.linked(self.own / "test", flags)
        while True:
            before = cpu_seconds()
            failed = self.failure(program, flags, (), 3600)
            if not failed:
                return 1 + SLOWER * (cpu_seconds() - before)
            name = failed.split()[-1]
            if "." not in name or name in self.broken:
                sys.exit(f"without any change: {failed}")
            print(f"without any change: {failed}; left out")
            self.broken.append(name)

    def command(self, source, made, flags):
        return [*self.compiler, *flags, "-o", str(made), "-c", str(source)]

    def compiled(self, mutant, number, flags):
        """The mutant's object; None where it does not compile."""
        folder = self.own / f"{number}{'' if flags == PLAIN else '-sanitized'}"
        folder.mkdir(exist_ok=True)
        source = folder / pathlib.Path(mutant.path).name
        source.write_text(mutant.applied())
        made = source.with_suffix(".o")
        command = self.command(source, made, flags)
        done = subprocess.run(command, cwd=self.folder, capture_output=True)
        return None if done.returncode else made

    def changed(self, mutant, number):
        """The mutant's object; None where it does not compile or the code is as it was."""
        made = self.compiled(mutant, number, PLAIN)
        if not made or made.read_bytes() == self.objects[mutant.path].read_bytes():
            return None
        return made

    def linked(self, program, flags, path=None, changed=None):
        """The room's tests, with another object for one of its files."""
        # The changed file comes first: of inline functions the linker takes the first it sees.
        objects = [str(changed)] if changed else []
        objects += [str(made) for name, made in self.objects.items() if name != path]
        instead = {self.archive: objects, self.program: [str(program)]}
        words = [part for word in self.link for part in instead.get(word, [word])]
        subprocess.run([*words, *flags], cwd=self.folder, check=True)
        return program

    def failure(self, program, flags, first, limit):
        """What fails, with the test suites `first` run first; empty where nothing does."""
        mine = ":".join(f"*{suite}.*" for suite in first)
        limits = ["prlimit", f"--cpu={int(limit) + 1}", f"--fsize={MEMORY_MB << 20}"]
        if flags == PLAIN:  # the address sanitizer reserves terabytes
            limits.append(f"--as={MEMORY_MB << 20}")
        broken = ":".join(self.broken)
        runs = [f"{mine}:-{broken}", f"-{mine}:{broken}"] if mine else [f"-{broken}"]
        for chosen in runs:
            output, ended = run_watched(
                [*limits, str(program), f"--gtest_filter={chosen}", "--gtest_fail_fast"], self.own
            )
            if ended != 0:
                slow = {None: "hangs in", -signal.SIGXCPU: "takes too long in"}
                return f"{slow.get(ended, 'fails')} {last_test(output)}"
        return ""

    def fate(self, mutant, made, flags):
        """What fails with the mutant's object."""
        program = made.with_suffix("")
        self.linked(program, flags, mutant.path, made)
        try:
            return self.failure(program, flags, suites_of(mutant), self.limits[flags])
        finally:
            program.unlink()


ENVIRONMENT = {
    **os.environ,
    "GRIDS_TEST_SIZE": "small",
    "RC_PARAMS": "seed=1",
    "ASAN_OPTIONS": f"max_allocation_size_mb={MEMORY_MB}:hard_rss_limit_mb={MEMORY_MB}",
}


def is_idle(process):
    """Whether none of its threads runs, nor has a child that might."""
    try:
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "S" or (task / "children").read_text():
                return False
        return True
    except OSError:  # it ended
        return False


def run_watched(command, folder):
    """What a program prints and its exit status, None where it waits for what never comes.

    Not by the clock: on a busy machine a program may get little of it.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT,
            stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        idle = 0
        while process.poll() is None and idle < IDLE_SECONDS:
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                idle = idle + 1 if is_idle(process) else 0
        hangs = process.poll() is None
        process.kill()
        process.wait()
        output.seek(0)
        return output.read(), None if hangs else process.returncode


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def last_test(output):
    text = output.decode(errors="replace")
    names = re.findall(r"^\[(?: RUN      |  FAILED  )\] (\w[\w./]*)", text, re.M)
    return names[-1] if names else "before the first test"


def suites_of(mutant):
    """The test suites of files that include the changed file's header: they run first."""
    room, name = pathlib.Path(mutant.path).parts[1:]
    header = f'#include "{room}/{pathlib.Path(name).stem}.hpp"'
    found = set()
    for tests in sorted((ROOT / "tests" / room).rglob("*_test.cpp")):
        text = tests.read_text()
        if header in text:
            found |= set(re.findall(r"^(?:TEST\w*|RC_GTEST\w*)\(\s*(\w+)", text, re.M))
    return sorted(found)


def drawn(build, pool, wanted, mutants):
    """The first `wanted` mutants that count, each with its object."""
    pairs = []
    at = 0
    while len(pairs) < wanted and at < len(mutants):
        part = mutants[at : at + wanted - len(pairs)]
        made = pool.map(build.changed, part, range(at, at + len(part)))
        pairs += [pair for pair in zip(part, made) if pair[1]]
        at += len(part)
    print(f"{at - len(pairs)} of {at} do not compile or leave the code as it is", flush=True)
    return pairs


def surviving(build, pool, pairs, flags):
    """The mutants that no test notices; says of the others which does."""
    alive = []
    for (mutant, _), failed in zip(pairs, pool.map(lambda pair: build.fate(*pair, flags), pairs)):
        if failed:
            how = "" if flags == PLAIN else " by the sanitizers"
            print(f"{mutant}    killed{how}: {failed}", flush=True)
        else:
            alive.append(mutant)
    return alive


def main():
    room, wanted = sys.argv[1:3]
    kept = ROOT / "build/mutate" / room / "survivors.json"
    sources = [s for s in sorted((ROOT / "src" / room).rglob("*.cpp"))]
    if wanted == "again":
        mutants = [Mutant(**fields) for fields in json.loads(kept.read_text())]
        mutants = [mutant for mutant in mutants if mutant.applied()]
        wanted = len(mutants)
    else:
        seed = sys.argv[3] if len(sys.argv) > 3 else str(random.randrange(10**6))
        print(f"seed {seed}", flush=True)
        mutants = draw(sources, f"{room} {seed}")

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        build = Build(room, sources, pool)
        pairs = drawn(build, pool, int(wanted), mutants)
        alive = surviving(build, pool, pairs, PLAIN)
        if alive:
            build.limits[SANITIZED] = build.limit(SANITIZED)
        sanitized = pool.map(lambda m: build.compiled(m, alive.index(m), SANITIZED), alive)
        alive = surviving(build, pool, list(zip(alive, sanitized)), SANITIZED)

    for mutant in alive:
        print(f"{mutant}    SURVIVED")
    kept.write_text(json.dumps([dataclasses.asdict(mutant) for mutant in alive], indent=1))
    killed = len(pairs) - len(alive)
    print(f"{room}: {killed} of {len(pairs)} killed ({killed / max(1, len(pairs)):.0%})")


if __name__ == "__main__":
    main()
