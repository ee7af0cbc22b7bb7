"""Milliseconds of one training iteration in PyTorch, one line a round; on standard error the memory at its peak.

    iteration.py published|eager|compiled BATCH WARM_UP ROUNDS COUNT
    iteration.py rates        bytes a second of a copy, operations a second of products in fp32, tf32 and bf16

published: losses a sample at a time, as the published system has them, fp32 with TF32 convolutions (PyTorch's
default). eager: losses over the batch at once, TF32 everywhere. compiled: torch.compile with CUDA graphs, bf16
autocast. An iteration is two updates of the generator and one of the discriminator, as config.yaml has them.
"""

import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "reference"))
import losses  # noqa: E402
import musigan  # noqa: E402

SMOOTHING = 0.2
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def a_sample_at_a_time(f):
    """The mean over the batch of a loss that is computed for each sample by itself."""
    return lambda x, r, *p: torch.stack([f(x[b : b + 1], r[b : b + 1], *p) for b in range(len(x))]).mean()


def each_its_own(f):
    """Likewise for the discriminator's helpers, which weigh samples by p and sum."""

    def whole(x, r, p):
        return torch.stack([f(x[b : b + 1], r[b : b + 1], p[b : b + 1]) for b in range(len(x))]).sum()

    return whole


def as_published():
    """The melody, standard deviation and extremes losses run over samples in Python there."""
    for name in ("g_melody_cost", "g_melody_cost_2", "g_compute_std_cost", "g_min_max_stats_cost"):
        losses.GENERATOR[name] = a_sample_at_a_time(losses.GENERATOR[name])
    for name in ("d_silence_cost", "d_melody_cost", "d_compute_std_cost", "d_min_max_stats_cost"):
        losses.DISCRIMINATOR[name] = each_its_own(losses.DISCRIMINATOR[name])


class Iteration:
    def __init__(self, batch, variant):
        self.sizes, self.batch = musigan.Sizes(), batch
        self.bf16 = variant == "compiled"
        self.generator = musigan.Generator(self.sizes).to(DEVICE)
        self.discriminator = musigan.Discriminator(self.sizes).to(DEVICE)
        fused = {"fused": True} if DEVICE == "cuda" else {}
        settings = {"betas": (0.5, 0.999), "weight_decay": 0.01} | fused
        self.g_optimiser = torch.optim.AdamW(self.generator.parameters(), lr=2e-4, **settings)
        self.d_optimiser = torch.optim.AdamW(self.discriminator.parameters(), lr=1e-4, **settings)
        self.real = torch.rand(batch, 2, self.sizes.seq_len, device=DEVICE)
        self.of_generator, self.of_discriminator = self.generator_loss, self.discriminator_loss
        if variant == "compiled":
            self.of_generator = torch.compile(self.generator_loss, mode="reduce-overhead")
            self.of_discriminator = torch.compile(self.discriminator_loss, mode="reduce-overhead")

    def draws(self):
        b, s = self.batch, self.sizes
        return {
            "noise": torch.randn(b, 2, s.noise_dim, device=DEVICE),
            "epsilon": torch.randn(b, s.latent_seq_len, s.latent_dim, device=DEVICE),
            "instance": torch.randn(b, 2, s.seq_len, device=DEVICE),
        }

    def loss(self, of, drawn):
        with torch.autocast(DEVICE, torch.bfloat16, enabled=self.bf16):
            values = of(self.generator, self.discriminator, self.real, drawn, smoothing=SMOOTHING)
        return losses.weighted(values, losses.WEIGHTS)

    def generator_loss(self, drawn):
        return self.loss(losses.of_generator, drawn)

    def discriminator_loss(self, drawn):
        return self.loss(losses.of_discriminator, drawn)

    def update(self, loss, optimiser, network):
        if self.bf16 and DEVICE == "cuda":
            torch.compiler.cudagraph_mark_step_begin()
        loss(self.draws()).backward(inputs=list(network.parameters()))
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)

    def run(self):
        for _ in range(2):
            self.update(self.of_generator, self.g_optimiser, self.generator)
        self.update(self.of_discriminator, self.d_optimiser, self.discriminator)


def measure(variant, batch, warm_up, rounds, count):
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("highest" if variant == "published" else "high")
    if variant == "published":
        as_published()
    iteration = Iteration(batch, variant)
    for _ in range(warm_up):
        iteration.run()
    for _ in range(rounds):
        wait()
        start = time.perf_counter()
        for _ in range(count):
            iteration.run()
        wait()
        print(f"{1e3 * (time.perf_counter() - start) / count:.4f}", flush=True)
    if DEVICE == "cuda":
        print(f"{torch.cuda.max_memory_allocated() / 1e9:.3f} GB", file=sys.stderr)


def best(work, operations):
    """The highest of ten rates."""
    rates = []
    for _ in range(10):
        wait()
        start = time.perf_counter()
        for _ in range(10):
            work()
        wait()
        rates.append(10 * operations / (time.perf_counter() - start))
    return max(rates)


def rates():
    cuda = DEVICE == "cuda"
    count, side = (1 << 28, 8192) if cuda else (1 << 22, 512)
    a, b = torch.rand(count, device=DEVICE), torch.empty(count, device=DEVICE)
    print(f"copy\t{best(lambda: b.copy_(a), 8 * count):.4g}")
    for name, kind, precision in (
        ("fp32", torch.float32, "highest"),
        ("tf32", torch.float32, "high"),
        ("bf16", torch.bfloat16, "high"),
    ):
        torch.set_float32_matmul_precision(precision)
        x = torch.randn(side, side, device=DEVICE, dtype=kind)
        print(f"{name}\t{best(lambda x=x: x @ x, 2 * side**3):.4g}")


if sys.argv[1] == "rates":
    rates()
else:
    measure(sys.argv[1], *map(int, sys.argv[2:]))
