"""Medians and the ratios that are asked of Recto, as tables."""
import statistics

# What is compared, by whom, on which kind of run: {work: (floor, goal)}. `decode N` stands for any number of tokens.
ASKED = [
    ("encoder f32 / transformers f32", "recto-f32", "transformers-f32", ("amx", "other"),
     {"encode 1024": (1.1, 1.3), "encode 4096": (1.8, 2.2), "encode 16384": (2.5, 3.5)}),
    ("encoder int8 / transformers f32", "recto-int8", "transformers-f32", ("amx", "other"),
     {"encode 1024": (2, 3), "encode 4096": (3, 5), "encode 16384": (4, 8)}),
    ("encoder int8 / transformers f32, both held to AVX2", "recto-int8", "transformers-f32", ("avx2",),
     {"encode 1024": (1.7, 2.5), "encode 4096": (2.5, 4), "encode 16384": (3.5, 6)}),
    ("encoder int8 / transformers bf16 with AMX", "recto-int8", "transformers-bf16", ("amx",),
     {"encode 4096": (0.9, 1.5), "encode 16384": (1.3, 3)}),
    ("encoder int8 / CTranslate2 int8", "recto-int8", "ctranslate2-int8", ("amx", "other", "avx2"),
     {"encode 1024": (1.1, 2), "encode 4096": (2.4, 5)}),
    ("one figure, int8 / transformers f32", "recto-int8", "transformers-f32", ("amx", "other", "avx2"),
     {"figure": (2, 4)}),
    ("answering int8 / transformers bf16", "recto-int8", "transformers-bf16", ("amx", "other", "avx2"),
     {"decode 1024": (2.5, 4), "decode 8192": (3, 6), "decode 61440": (4, 8)}),
    ("starter, prompt / llama.cpp Q8_0", "recto-starter-int8", "llamacpp-q8_0", ("amx", "other", "avx2"),
     {"prompt 512": (1.0, 2.0), "prompt 4096": (1.0, 2.0)}),
    ("starter, generation / llama.cpp Q8_0", "recto-starter-int8", "llamacpp-q8_0", ("amx", "other", "avx2"),
     {"generate 32": (0.8, 1.0)}),
]


def sum_up(result, gone):
    """Adds the medians to the seconds of the rounds, or why there are none."""
    if result["secs"] and "error" not in result:
        result["median_secs"] = statistics.median(result["secs"])
        tokens = result.get("tokens")
        result["tokens_per_sec"] = tokens / result["median_secs"] if tokens else None
    else:
        result.setdefault("error", gone or "no round was counted")


def evaluate(results, kind):
    """All ratios of this kind of run (`amx`, `other` or `avx2`), with their verdicts."""
    rows = []
    for what, ours, peer, kinds, works in ASKED:
        if kind not in kinds:
            continue
        for work, (floor, goal) in works.items():
            row = dict(what=what, work=work, ours=ours, peer=peer, ratio=None, floor=floor, goal=goal)
            line = next((line for line in results if line == work or line.startswith(f"{work} ")), None)
            row["left_out"] = line is None
            sides = {name: results.get(line, {}).get(name, {}) for name in (ours, peer)}
            missing = [f"{name}: {side.get('error', 'not part of this run')}"
                       for name, side in sides.items() if not side.get("median_secs")]
            if missing:
                row.update(verdict="not measured", why="; ".join(missing))
            else:
                row["ratio"] = sides[peer]["median_secs"] / sides[ours]["median_secs"]
                reached = "goal" if row["ratio"] >= goal else "floor" if row["ratio"] >= floor else None
                row.update(verdict=f"pass ({reached})" if reached else "FAIL", why=None)
            rows.append(row)
    return rows


def medians_table(results, names):
    """A row for each piece of work, a column for each contender: tokens a second, or seconds for a figure."""
    def cell(result):
        if result is None:
            return ""
        if "median_secs" not in result:
            return "—"
        speed = result["tokens_per_sec"]
        low, high = min(result["secs"]), max(result["secs"])
        if speed is None:
            return f"{result['median_secs']:.2f} s ({low:.2f}–{high:.2f})"
        tokens = result["tokens"]
        return f"{speed:.1f} ({tokens / high:.1f}–{tokens / low:.1f})"

    rows = [["tokens/s, median (least–most)", *names]]
    rows += [[line, *(cell(by_name.get(name)) for name in names)] for line, by_name in results.items()]
    return markdown(rows)


def ratios_table(rows):
    """The ratios of speed, ours / peer, beside what is asked; work that was left out is counted below."""
    left_out = [row for row in rows if row["left_out"]]
    table = [["ratio of speeds, ours / peer", "work", "ratio", "floor", "goal", ""]]
    for row in [row for row in rows if not row["left_out"]]:
        ratio = "—" if row["ratio"] is None else f"{row['ratio']:.2f}"
        told = row["verdict"] + (f": {row['why']}" if row["why"] else "")
        table.append([row["what"], row["work"], ratio, f"{row['floor']:g}", f"{row['goal']:g}", told])
    below = f"\n{len(left_out)} of {len(rows)} ratios belong to work that was left out of this run.\n" if left_out else ""
    return markdown(table) + below


def markdown(rows):
    lines = ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines) + "\n"
