"""The mean of two adapters of the same rank, factor by factor, as PEFT saves them.

    python mean.py FIRST SECOND OUT [--second 0.4]

For adapters of which one was trained on from the other: far from each other, the mean of factors means nothing.
"""

import argparse
import os
import shutil

from safetensors.torch import load_file, save_file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("out")
    parser.add_argument("--second", dest="weight", type=float, default=0.4, help="weight of the second")
    given = parser.parse_args()
    name = "adapter_model.safetensors"
    first, second = (load_file(os.path.join(folder, name)) for folder in (given.first, given.second))
    assert {n: t.shape for n, t in first.items()} == {n: t.shape for n, t in second.items()}, "they do not fit"
    between = lambda a, b: (1 - given.weight) * a.float() + given.weight * b.float()
    mean = {n: between(t, second[n]).to(t.dtype).contiguous() for n, t in first.items()}
    os.makedirs(given.out, exist_ok=True)
    save_file(mean, os.path.join(given.out, name), metadata={"format": "pt"})
    for other in ("adapter_config.json", "recto.toml"):
        path = os.path.join(given.second, other)
        if os.path.exists(path):
            shutil.copy(path, given.out)


if __name__ == "__main__":
    main()
