"""Numbers for whole models on tiny sizes: forward passes, every gradient, every loss."""

import losses
import musigan
import philox
import torch
from cases import Cases, draw, last
from losses import WEIGHTS

SEED = 5
PURPOSE_NOISE, PURPOSE_EPSILON, PURPOSE_INSTANCE = 2, 3, 4  # kernels/model/session.h
SMOOTHING = 0.2
SMALL = musigan.Sizes(
    noise_dim=128,
    n_channels=6,
    latent_seq_len=8,
    latent_dim=8,
    num_heads=2,
    num_layers=2,
    keys=5,
    frames=8,
    conv_dropout=0.0,
    dropout=0.0,
)
OTHER = SMALL._replace(
    num_layers=1,
    use_gaussians=True,
    num_of_gaussians=3,
    position="none",
    norm="spectral",
    activation="leaky_relu",
)


def yaml(sizes, batch, weights, training=()):
    model = {
        "n_channels": sizes.n_channels,
        "seq_len": sizes.seq_len,
        "latent_seq_len": sizes.latent_seq_len,
        "use_gaussians": str(sizes.use_gaussians).lower(),
        "num_of_gaussians": sizes.num_of_gaussians,
        "dropout": sizes.dropout,
        "latent_dim": sizes.latent_dim,
        "num_heads": sizes.num_heads,
        "num_layers": sizes.num_layers,
        "position": sizes.position,
    }
    top = {
        "batch_size": batch,
        "dropout": sizes.conv_dropout,
        "noise_dim": sizes.noise_dim,
        "smoothing": SMOOTHING,
    } | dict(training)
    groups = {
        "model": model,
        "discriminator": {"norm": sizes.norm, "activation": sizes.activation},
        "loss_weights": {k: v for k, v in weights.items() if k != "d_cost"},
    }
    lines = [f"{k}: {v}" for k, v in top.items()]
    for group, values in groups.items():
        lines += [f"{group}:"] + [f"  {k}: {v}" for k, v in values.items()]
    return "\n".join(lines) + "\n"


def networks(sizes):
    """Both, with parameters that float32 holds exactly, running statistics and biases that are not 0."""
    generator, discriminator = musigan.Generator(sizes), musigan.Discriminator(sizes)
    with torch.no_grad():
        if sizes.use_gaussians:  # broad bells: a narrow one falls between the few cells
            g = sizes.num_of_gaussians
            generator.gaussians[2].bias.copy_(
                torch.cat([torch.linspace(8.5, 9.5, g), torch.linspace(-3, 2, g)])
            )
        for network in (generator, discriminator):
            for name, tensor in network.state_dict().items():
                if "norm" in name and tensor.is_floating_point():
                    tensor.add_(0.1 * torch.rand_like(tensor))
                if "in_proj_bias" in name or "out_proj.bias" in name:
                    tensor.add_(0.1 * torch.randn_like(tensor))
                if tensor.is_floating_point():
                    tensor.copy_(tensor.float().double())
    return generator, discriminator


def draws(sizes, batch, number):
    """What the core draws for its pass of this number."""

    def normal(purpose, *shape):
        return torch.from_numpy(philox.normal(SEED, purpose, number, *shape)).double()

    return {
        "noise": last(normal(PURPOSE_NOISE, batch, sizes.noise_dim, 2)),
        "epsilon": normal(PURPOSE_EPSILON, batch, sizes.latent_seq_len, sizes.latent_dim),
        "instance": last(normal(PURPOSE_INSTANCE, batch, sizes.seq_len, 2)),
    }


def real_keys(sizes, count):
    """Records with some silence, each with a largest value of 1: (count, 2, L)"""
    loud = torch.rand(count, 2, sizes.keys, sizes.frames) * torch.linspace(1, 0.3, sizes.keys)[:, None]
    keys = torch.where(loud > 0.35, loud, 0).flatten(2)
    return (keys / keys.amax((1, 2), keepdim=True)).float().double()


def parameters(generator, discriminator):
    return musigan.for_core("generator", generator.state_dict().items()) | musigan.for_core(
        "discriminator", discriminator.state_dict().items()
    )


def gradients(network, module, loss):
    module.zero_grad()
    loss.backward()
    pairs = ((name, p.grad) for name, p in module.named_parameters())
    return {f"gradient {name}": g for name, g in musigan.for_core(network, pairs).items()}


def one_step(cases, name, sizes, batch, weights):
    """A forward and a backward pass of either network from the same parameters, then evaluation."""
    generator, discriminator = networks(sizes)
    start = {name: p.clone() for name, p in parameters(generator, discriminator).items()}
    real = real_keys(sizes, batch)
    drawn = draws(sizes, batch, 0)
    x, _, _ = generator(drawn["noise"], drawn["epsilon"])
    after = {k: v for k, v in parameters(generator, discriminator).items() if "running" in k}
    moved = {f"moved {k}": v.clone() for k, v in after.items() if k.startswith("generator")}
    g = losses.generator_losses(generator, discriminator, real, drawn, weights, SMOOTHING)
    g_gradients = gradients("generator", generator, losses.weighted(g, weights))
    d = losses.discriminator_losses(generator, discriminator, real, drawn, weights, SMOOTHING)
    d_gradients = gradients("discriminator", discriminator, losses.weighted(d, weights))
    logits, feature = discriminator(x)
    generator.load_state_dict(generator.state_dict())
    settings = {"seed": SEED, "batch": batch, "keys": sizes.keys, "frames": sizes.frames}
    cases.case(
        name,
        settings | {"config": yaml(sizes, batch, weights)},
        real=last(real), output=last(x), logit=logits[:, None, None], feature=last(feature),
        **start, **moved, **g, **d, **g_gradients, **d_gradients,
    )  # fmt: skip


def write(folder):
    with Cases(folder / "model.tensors") as cases:
        one_step(cases, "musigan", SMALL, 4, WEIGHTS)
        one_step(cases, "variants", OTHER, 3, WEIGHTS | {"g_feature_matching_cost": 0.5})
