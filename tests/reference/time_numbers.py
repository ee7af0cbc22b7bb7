"""Numbers for the design `time`: a step of the generator with every loss and gradient, then evaluation of the
encoder."""

import torch

import losses
import musigan
from cases import Cases, last
from losses import WEIGHTS
from model_numbers import LOSSES, SEED, SMOOTHING, draws, gradients, parameters, real_keys
from time_design import TimeDesign, TimeSizes, gate_losses

SMALL = TimeSizes()
OTHER = TimeSizes(
    n_channels=12, latent_seq_len=5, latent_dim=4, num_heads=3, num_layers=2, frames=9, drums=2, position="none"
)
CENTRES = 512
NOTES = 26  # statistics of notes
GATES = {"g_gate_cost": 1.0, "g_onset_cost": 2.0, "g_drum_cost": 3.0, "g_loudness_cost": 4.0}
KEYS = "n_channels seq_len latent_seq_len latent_dim num_heads num_layers dropout position".split()


def yaml(sizes, weights):
    lines = ["design: time", "dropout: 0", "accumulation_steps: 1", f"smoothing: {SMOOTHING}"]
    lines += ["model:"] + [f"  {key}: {getattr(sizes, key)}" for key in KEYS]
    lines += ["loss_weights:"] + [f"  {k}: {w}" for k, w in weights.items() if k != "d_cost"]
    return "\n".join(lines) + "\n"


def prior(sizes):
    """Not fitted: N(0, 1)."""
    side = sizes.latent_seq_len * sizes.latent_dim
    zeros = {"mean": side, "factor": side * (side + 1) // 2, "centres": CENTRES * (sizes.latent_dim + 1), "calibration": 11,
             "notes": NOTES * (1 + sizes.drums)}
    return {f"generator.prior.{name}": torch.zeros(count) for name, count in zeros.items()}


def drawn_for(sizes, batch):
    """The core's first pass; noise is of no use in training."""

    class Shape:
        noise_dim, latent_seq_len, latent_dim, seq_len = 2, sizes.latent_seq_len, sizes.latent_dim, sizes.seq_len

    return draws(Shape, batch, 1)


def one_step(cases, name, sizes, batch, weights):
    torch.manual_seed(4)
    generator, discriminator = TimeDesign(sizes), musigan.Discriminator(sizes)
    for tensor in [*generator.parameters(), *discriminator.parameters()]:
        tensor.data.copy_(tensor.data.float())
    start = parameters(generator, discriminator)
    generator.real = real = real_keys(sizes, batch)
    values = losses.of_generator(generator, discriminator, real, drawn_for(sizes, batch), SMOOTHING)
    values |= gate_losses(generator)
    losses.weighted(values, weights).backward()
    after = parameters(generator, discriminator, "after ")
    generator.eval()
    mu, logvar = generator.hear(real)
    names = [*LOSSES, *GATES]
    row = torch.stack([values.get(loss, torch.zeros(())).detach() for loss in names])
    cases.case(
        name,
        {
            "seed": SEED, "keys": sizes.keys, "frames": sizes.frames, "drums": sizes.drums, "batch": batch,
            "config": yaml(sizes, weights),
        },
        real=last(real), **start, **prior(sizes), losses=row, **gradients("generator", generator),
        **{k: v for k, v in after.items() if "generator" in k and "running" in k}, mu=mu, logvar=logvar,
    )  # fmt: skip


def write(folder):
    weights = WEIGHTS | GATES | {"g_cost_kl": 0.3}
    with Cases(folder / "time.tensors") as cases:
        one_step(cases, "time", SMALL, 4, weights)
        one_step(cases, "variants", OTHER, 3, weights | {"g_feature_matching_cost": 0.5, "g_gate_cost": 0.25})
