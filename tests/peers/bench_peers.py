#!/usr/bin/env python3
"""Recto's speed beside that of its peers, in one run: every contender is a process of its own, and they take turns.

    python3 bench_peers.py --recto RECTO --venv DIR [--checkpoint DIR] [--starter MODEL.gguf] [--isa avx2] [--json FILE]

--venv makes a virtual environment with the peers in DIR (once; llama.cpp takes some ten minutes to build) and runs in it;
without it the Python that runs this must have them. Without --checkpoint one of the 270M shape with random weights is
made in the folder --scratch. Random weights suffice: speed does not depend on their values.

Work is done round by round, each contender once a round, the first round not counted; a figure is the median of the rounds.
Printed: a Markdown table of medians, and one of the ratios that are asked for, with floor and goal.
--json FILE holds {"machine", "isa", "threads", "rounds", "contenders": {name: {"about", "error"}},
"work": {line: {contender: {"secs": [..], "tokens", "median_secs", "tokens_per_sec", "error"}}},
"ratios": [{"what", "work", "ours", "peer", "ratio", "floor", "goal", "verdict", "why"}]}.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

import contenders
import ratios

HERE = pathlib.Path(__file__).parent


def main():
    options = arguments()
    if options.venv:
        contenders.enter_venv(options.venv, options.isa)
    flags = contenders.cpu_flags()
    work = work_of(options)
    field = contenders.field(options)
    results, about = measure(work, field, options)
    asked = ratios.evaluate(results, "avx2" if options.isa == "avx2" else ("amx" if "amx_bf16" in flags else "other"))
    print(head(options, flags))
    print(ratios.medians_table(results, list(field)))
    print(ratios.ratios_table(asked))
    for name, told in about.items():
        if told.get("error"):
            print(f"{name}: {told['error']}", file=sys.stderr)
    if options.json:
        report = {
            "machine": {"cpu": cpu_name(), "flags": flags, "cpus": os.cpu_count()},
            "isa": options.isa,
            "threads": options.threads,
            "rounds": options.rounds,
            "contenders": about,
            "work": results,
            "ratios": asked,
        }
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1) + "\n")


def arguments():
    lengths = lambda text: [int(part) for part in text.split(",") if part]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recto", default="recto", help="the program [default: recto]")
    parser.add_argument("--venv", help="folder of the virtual environment with the peers, made where it is absent")
    parser.add_argument("--checkpoint", help="a T5Gemma 2 checkpoint with its tokenizer.json [default: one with random weights]")
    parser.add_argument("--starter", help="a Gemma 3 GGUF file, for llama.cpp; left out where absent")
    parser.add_argument("--scratch", default="target/peers", help="folder for what is converted [default: %(default)s]")
    parser.add_argument("--contenders", type=lambda text: text.split(","), default=list(contenders.NAMES),
                        metavar="NAME,…", help=f"who takes part [default: {','.join(contenders.NAMES)}]")
    parser.add_argument("--encode", type=lengths, default=[1024, 4096, 16384], metavar="TOKENS,…")
    parser.add_argument("--decode", type=lengths, default=[1024, 8192, 61440], metavar="TOKENS,…")
    parser.add_argument("--answer", type=int, default=8, metavar="TOKENS", help="tokens written over each encoding")
    parser.add_argument("--prompt", type=lengths, default=[512, 4096], metavar="TOKENS,…")
    parser.add_argument("--generate", type=int, default=32, metavar="TOKENS", help="0 for none")
    parser.add_argument("--figures", type=int, default=1, metavar="0|1")
    parser.add_argument("--ct2-longest", type=int, default=4096, metavar="TOKENS",
                        help="longest text for CTranslate2, whose attention takes room for its square [default: 4096]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--isa", choices=["avx2"], help="hold every contender to these instructions")
    parser.add_argument("--patience", type=int, default=3600, metavar="SECS", help="longest wait for an answer")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    unknown = [name for name in options.contenders if name not in contenders.NAMES]
    if unknown:
        parser.error(f"no such contender: {', '.join(unknown)}; there are {', '.join(contenders.NAMES)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def work_of(options):
    """Lines of work, those on the checkpoint before those on the starter."""
    on_checkpoint = [f"encode {n}" for n in options.encode]
    on_checkpoint += ["figure"] * bool(options.figures)
    on_checkpoint += [f"decode {n} {options.answer}" for n in options.decode]
    on_starter = [f"prompt {n}" for n in options.prompt]
    on_starter += [f"generate {options.generate}"] * bool(options.generate)
    return on_checkpoint + on_starter


def measure(work, field, options):
    """Medians of all work for all contenders that take part in it, and what the contenders tell of themselves."""
    about = {name: {} for name in field}
    running = {}
    results = {}
    for at, line in enumerate(work):
        players = [name for name in field if field[name].takes(line)]
        for name in players:
            if name not in running and not about[name].get("error"):
                say(f"starting {name}")
                try:
                    running[name] = contenders.Process(field[name], options)
                    about[name] = {"about": running[name].about}
                except contenders.Gone as gone:
                    about[name] = {"error": str(gone)}
        results[line] = {name: {"secs": []} for name in players}
        for round_number in range(options.rounds + 1):
            for name in players:
                result = results[line][name]
                if name not in running or result.get("error"):
                    continue
                try:
                    answer = running[name].ask(line)
                except contenders.Gone as gone:
                    answer = {"error": str(gone)}
                    about[name]["error"] = str(gone)
                    running.pop(name).close()
                if "error" in answer:
                    result["error"] = answer["error"]
                    say(f"{line}: {name}: {answer['error']}")
                elif round_number > 0:
                    result["secs"].append(answer["secs"])
                    result["tokens"] = answer.get("tokens")
                    say(f"{line}: {name}: round {round_number}, {answer['secs']:.3f} s")
        for name in players:
            ratios.sum_up(results[line][name], about[name].get("error"))
        later = work[at + 1:]
        for name in [name for name in running if not any(field[name].takes(other) for other in later)]:
            running.pop(name).close()
    return results, about


def head(options, flags):
    held = f", every contender held to {options.isa.upper()}" if options.isa else ""
    wide = [flag for flag in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if flag in flags]
    return (
        f"{cpu_name()}, {' '.join(wide)}; {options.threads} threads, median of {options.rounds} rounds, "
        f"contenders in turn{held}\n"
    )


def cpu_name():
    for line in contenders.cpu_lines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
