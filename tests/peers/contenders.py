"""Who takes part in bench_peers.py: how each is installed, prepared, started and asked."""
import dataclasses
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).parent

NAMES = (
    "recto-f32", "recto-bf16", "recto-int8", "transformers-f32", "transformers-bf16", "ctranslate2-int8",
    "recto-starter-f32", "recto-starter-int8", "llamacpp-q8_0",
)

# What holds each library to AVX2: oneDNN, MKL, PyTorch's own kernels, CTranslate2, Recto. llama.cpp is built for it.
HELD = {
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "CT2_FORCE_CPU_ISA": "AVX2",
        "RECTO_CPU": "avx2",
    }
}

# llama.cpp for one kind of processor, never the building machine's own, and never with AMX.
GGML = ["NATIVE=OFF", "AVX=ON", "AVX2=ON", "FMA=ON", "F16C=ON", "BMI2=ON"]
GGML_AVX512 = ["AVX512=ON", "AVX512_VNNI=ON"]


def cpu_lines():
    try:
        return pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def cpu_flags():
    """What the processor can do, as Linux tells it; empty elsewhere."""
    return next((line.split(":", 1)[1].split() for line in cpu_lines() if line.startswith("flags")), [])


def enter_venv(folder, isa):
    """Runs this very program in the virtual environment, which is made first where it is absent."""
    folder = pathlib.Path(folder).absolute()
    python = folder / "bin" / "python"
    done = folder / "peers-installed"
    if not done.exists():
        wide = isa != "avx2" and {"avx512f", "avx512_vnni"} <= set(cpu_flags())
        switches = GGML + GGML_AVX512 * wide
        print(f"installing the peers; llama.cpp is built with {' '.join(switches)}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install"]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        built = dict(os.environ, CMAKE_ARGS=" ".join(f"-DGGML_{switch}" for switch in switches))
        built["PATH"] = f"{python.parent}{os.pathsep}{built['PATH']}"
        subprocess.run([*pip, "--no-binary", "llama-cpp-python", "llama-cpp-python==0.3.36"], check=True, env=built)
        done.write_text(" ".join(switches) + "\n")
    if pathlib.Path(sys.prefix) != folder:
        os.execv(python, [python, *sys.argv])


@dataclasses.dataclass
class Contender:
    name: str
    words: tuple
    longest: int
    prepare: object  # makes the command line, converting what must be converted first

    def takes(self, line):
        word, *numbers = line.split()
        return word in self.words and int((numbers or [0])[0]) <= self.longest


def field(options):
    """The contenders that were chosen and have what they need, by name."""
    scratch = pathlib.Path(options.scratch)
    threads = str(options.threads)
    endless = 1 << 40

    def script(name, *arguments):
        return [sys.executable, str(HERE / name), *map(str, arguments), threads]

    def recto(model, dtype):
        return lambda: [
            options.recto, "bench", "--model", str(model()), "--dtype", dtype, "--serve", "--threads", threads
        ]

    def checkpoint():
        return pathlib.Path(options.checkpoint) if options.checkpoint else made_checkpoint(scratch / "270m")

    def starter():
        return pathlib.Path(options.starter)

    on_checkpoint = ("encode", "figure", "decode")
    on_starter = ("prompt", "generate")
    everyone = [
        *(Contender(f"recto-{dtype}", on_checkpoint, endless, recto(checkpoint, dtype))
          for dtype in ("f32", "bf16", "int8")),
        *(Contender(f"transformers-{dtype}", on_checkpoint, endless,
                    lambda dtype=dtype: script("serve_transformers.py", checkpoint(), dtype))
          for dtype in ("f32", "bf16")),
        Contender("ctranslate2-int8", ("encode", "decode"), options.ct2_longest,
                  lambda: script("serve_ctranslate2.py", converted(checkpoint(), scratch / "ctranslate2"))),
        *(Contender(f"recto-starter-{dtype}", on_starter, endless, recto(starter, dtype)) for dtype in ("f32", "int8")),
        Contender("llamacpp-q8_0", on_starter, endless,
                  lambda: script("serve_llamacpp.py", requantised(starter(), scratch / "starter-q8_0.gguf"))),
    ]
    return {
        one.name: one for one in everyone
        if one.name in options.contenders and (options.starter or one.words != on_starter)
    }


class Gone(Exception):
    """A contender could not be started, or has ended, or does not answer."""


class Process:
    """A contender at work."""

    def __init__(self, contender, options):
        self.patience = options.patience
        environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), RAYON_NUM_THREADS=str(options.threads))
        environment.update(HELD.get(options.isa, {}))
        try:
            command = contender.prepare()
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=environment,
            )
        except Exception as error:
            raise Gone(f"cannot be started: {error}") from error
        self.answers = queue.Queue()
        self.errors = []
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.about = self.next_answer()
        system = self.about.get("system", "")
        if options.isa == "avx2" and "AVX512 = 1" in system:
            self.close()
            raise Gone("it is built for AVX-512; make another --venv together with --isa avx2")

    def listen(self):
        for line in self.process.stdout:
            try:
                self.answers.put(json.loads(line))
            except ValueError:
                continue  # libraries print what they like
        self.answers.put(None)

    def next_answer(self):
        try:
            answer = self.answers.get(timeout=self.patience)
        except queue.Empty:
            self.close()
            raise Gone(f"no answer within {self.patience} s") from None
        if answer is None:
            code = self.process.wait()
            told = [line.strip() for line in self.errors if line.strip()]
            telling = [line for line in told if "rror" in line] or told[-1:]
            raise Gone(f"ended with code {code}: {' '.join(telling[:1])}"[:400])
        return answer

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Gone(f"has ended: {error}") from error
        return self.next_answer()

    def close(self):
        self.process.kill()
        self.process.wait()


def made_checkpoint(folder):
    """A checkpoint of the 270M shape with random weights in bf16, with a vocabulary of made-up words."""
    if not (folder / "done").exists():
        import making

        making.checkpoint(folder)
        (folder / "done").touch()
    return folder


def converted(checkpoint, folder):
    """The text part of a checkpoint as CTranslate2 wants it, in int8."""
    if not (folder / "done").exists():
        import making

        making.ctranslate2_model(checkpoint, folder)
        (folder / "done").touch()
    return folder


def requantised(source, target):
    """A GGUF file with its weights in Q8_0: for speed alone, since what was lost before stays lost."""
    if not target.exists():
        import making

        making.q8_0(source, target)
    return target
