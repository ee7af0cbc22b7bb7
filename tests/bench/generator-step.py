"""Seconds of one generator step in eager PyTorch, one line a step: generator-step.py BATCH STEPS THREADS"""

import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "reference"))
import losses  # noqa: E402
import musigan  # noqa: E402

WARM_UP = 2


def blas():
    settings = torch.__config__.show()
    return settings[settings.index("BLAS_INFO=") :].split(",")[0].removeprefix("BLAS_INFO=")


def main():
    batch, steps, threads = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    print(f"# PyTorch {torch.__version__}, BLAS {blas()}, {torch.get_num_threads()} threads", file=sys.stderr)
    sizes = musigan.Sizes()
    generator, discriminator = musigan.Generator(sizes), musigan.Discriminator(sizes).requires_grad_(False)
    optimiser = torch.optim.AdamW(generator.parameters(), lr=2e-4, betas=(0.5, 0.999), weight_decay=0.01)
    real = torch.rand(batch, 2, sizes.seq_len)
    for step in range(WARM_UP + steps):
        start = time.perf_counter()
        drawn = {
            "noise": torch.randn(batch, 2, sizes.noise_dim),
            "epsilon": torch.randn(batch, sizes.latent_seq_len, sizes.latent_dim),
            "instance": torch.randn(batch, 2, sizes.seq_len),
        }
        values = losses.of_generator(generator, discriminator, real, drawn, smoothing=0.2)
        optimiser.zero_grad()
        losses.weighted(values, losses.WEIGHTS).backward()
        optimiser.step()
        if step >= WARM_UP:
            print(f"{time.perf_counter() - start:.4f}", flush=True)


main()
