"""llama.cpp on a GGUF file. usage: serve_llamacpp.py FILE THREADS"""
import sys

import llama_cpp
import numpy

from serving import serve, timed, token_ids

path, threads = sys.argv[1], int(sys.argv[2])
CONTEXT = 8192
model = llama_cpp.Llama(
    path, n_ctx=CONTEXT, n_batch=2048, n_ubatch=512, n_threads=threads, n_threads_batch=threads, flash_attn=True,
    verbose=False,
)


def likeliest():
    scores = llama_cpp.llama_get_logits_ith(model.ctx, -1)
    return int(numpy.ctypeslib.as_array(scores, shape=(model.n_vocab(),)).argmax())


def prompt(tokens):
    ids = token_ids(tokens)
    model.reset()
    return timed(lambda: model.eval(ids)), tokens


def generate(tokens):
    model.reset()
    model.eval([2])

    def step():
        model.eval([likeliest()])

    return timed(lambda: [step() for _ in range(tokens)]), tokens


about = {"peer": "llama.cpp", "system": llama_cpp.llama_print_system_info().decode(), "version": llama_cpp.__version__}
serve(about, {"prompt": prompt, "generate": generate})
