"""CTranslate2 in int8 on the text part of a converted T5Gemma 2 checkpoint. usage: serve_ctranslate2.py FOLDER THREADS"""
import json
import pathlib
import sys

import ctranslate2

from serving import serve, timed, token_ids

folder, threads = sys.argv[1:]
model = ctranslate2.Translator(folder, device="cpu", compute_type="int8", inter_threads=1, intra_threads=int(threads))
vocabulary = json.loads(next(pathlib.Path(folder).glob("*vocabulary.json")).read_text())


def translate(encoded, tokens):
    """It has no call for the encoder alone: a text is encoded, and `tokens` tokens are written."""
    source = [vocabulary[index] for index in token_ids(encoded)]
    model.translate_batch(
        [source], beam_size=1, max_decoding_length=tokens, min_decoding_length=tokens, max_input_length=0
    )


def encode(tokens):
    return timed(lambda: translate(tokens, 1)), tokens


def decode(encoded, tokens):
    first = timed(lambda: translate(encoded, 1))
    return max(timed(lambda: translate(encoded, 1 + tokens)) - first, 1e-9), tokens


serve({"peer": "ctranslate2", "version": ctranslate2.__version__}, {"encode": encode, "decode": decode})
