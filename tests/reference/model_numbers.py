"""Numbers for whole models on tiny sizes: either network's step with every loss and gradient, evaluation, and a
training run of several batches."""

import losses
import musigan
import philox
import torch
from cases import Cases, last
from losses import WEIGHTS

SEED = 5
PURPOSE_NOISE, PURPOSE_EPSILON, PURPOSE_INSTANCE = 2, 3, 4  # kernels/model/session.h
SMOOTHING = 0.2
# In the order of enum loss of kernels/model/loss.h.
LOSSES = [
    "g_cost",
    "g_cost_kl",
    "d_cost",
    "g_feature_matching_cost",
    *losses.GENERATOR,
    *losses.DISCRIMINATOR,
]
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
MODEL_KEYS = "n_channels seq_len latent_seq_len num_of_gaussians dropout latent_dim num_heads num_layers position".split()


def yaml(sizes, weights, **top):
    """The configuration of the same model and training."""
    top = {"dropout": sizes.conv_dropout, "noise_dim": sizes.noise_dim, "smoothing": SMOOTHING} | top
    model = {key: getattr(sizes, key) for key in MODEL_KEYS}
    groups = {
        "model": model | {"use_gaussians": str(sizes.use_gaussians).lower()},
        "discriminator": {"norm": sizes.norm, "activation": sizes.activation},
        "loss_weights": {name: weight for name, weight in weights.items() if name != "d_cost"},
    }
    lines = [f"{key}: {value}" for key, value in top.items()]
    for group, values in groups.items():
        lines += [f"{group}:"] + [f"  {key}: {value}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def networks(sizes):
    """Both, with numbers that float32 holds exactly, running statistics and biases that are not 0."""
    generator, discriminator = musigan.Generator(sizes), musigan.Discriminator(sizes)
    if sizes.use_gaussians:  # broad bells: a narrow one falls between the few cells
        widths = torch.linspace(8.5, 9.5, sizes.num_of_gaussians)
        centres = torch.linspace(-3, 2, sizes.num_of_gaussians)
        generator.gaussians[2].bias.data = torch.cat([widths, centres])
    for network in (generator, discriminator):
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            if "norm" in name or "proj_bias" in name or "proj.bias" in name:
                tensor += 0.1 * torch.rand_like(tensor)
            tensor.copy_(tensor.float())
    return generator, discriminator


def draws(sizes, batch, number):
    """What the core draws for its forward pass of this number."""

    def normal(purpose, *shape):
        return torch.from_numpy(philox.normal(SEED, purpose, number, *shape)).double()

    return {
        "noise": last(normal(PURPOSE_NOISE, batch, sizes.noise_dim, 2)),
        "epsilon": normal(PURPOSE_EPSILON, batch, sizes.latent_seq_len, sizes.latent_dim),
        "instance": last(normal(PURPOSE_INSTANCE, batch, sizes.seq_len, 2)),
    }


def real_keys(sizes, *count):
    """Records with some silence, each with a largest value of 1: (…, 2, L)"""
    loud = torch.rand(*count, 2, sizes.keys, sizes.frames) * torch.linspace(1, 0.3, sizes.keys)[:, None]
    keys = torch.where(loud > 0.35, loud, 0).flatten(-2)
    return (keys / keys.amax((-2, -1), keepdim=True)).float().double()


def parameters(generator, discriminator, prefix=""):
    both = musigan.for_core("generator", generator.state_dict().items())
    both |= musigan.for_core("discriminator", discriminator.state_dict().items())
    return {prefix + name: tensor.clone() for name, tensor in both.items()}


def gradients(network, module):
    pairs = ((name, p.grad) for name, p in module.named_parameters())
    return {f"gradient {name}": g for name, g in musigan.for_core(network, pairs).items()}


def in_order(values):
    return torch.stack([values.get(name, torch.zeros(())).detach() for name in LOSSES])


def one_step(cases, name, sizes, batch, weights):
    """A step of either network from the same parameters, without an update; then evaluation. The core's pass 1
    is the generator's step, pass 2 its features of real records, pass 3 the discriminator's step."""
    torch.manual_seed(3)
    generator, discriminator = networks(sizes)
    start = parameters(generator, discriminator)
    real = real_keys(sizes, batch)
    g = losses.of_generator(generator, discriminator, real, draws(sizes, batch, 1), SMOOTHING)
    losses.weighted(g, weights).backward()
    g_gradients = gradients("generator", generator)
    discriminator.zero_grad()
    d = losses.of_discriminator(generator, discriminator, real, draws(sizes, batch, 3), SMOOTHING)
    losses.weighted(d, weights).backward()
    d_gradients = gradients("discriminator", discriminator)
    after = {
        k: v
        for k, v in parameters(generator, discriminator, "after ").items()
        if "running" in k or "spectral" in k
    }
    drawn = draws(sizes, batch, 1)
    generator.eval(), discriminator.eval()
    x, mu, logvar = generator(drawn["noise"], drawn["epsilon"])
    logits, feature = discriminator(x)
    cases.case(
        name,
        {"seed": SEED, "keys": sizes.keys, "frames": sizes.frames, "batch": batch, "config": yaml(sizes, weights, accumulation_steps=1)},
        real=last(real), **start, generator_losses=in_order(g), **g_gradients, discriminator_losses=in_order(d), **d_gradients, **after, output=last(x), logit=logits[:, None, None], feature=last(feature),
    )  # fmt: skip


class Training:
    """The core's training run: the same numbers of passes, the same order."""

    def __init__(self, sizes, batch, weights, settings):
        self.sizes, self.batch, self.weights, self.settings = sizes, batch, weights, settings
        self.generator, self.discriminator = networks(sizes)
        self.passes = 0

        def adamw(network, rate):
            return torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.5, 0.999), weight_decay=0.01)

        self.optimiser = {
            self.generator: adamw(self.generator, settings["learning_rate"]),
            self.discriminator: adamw(self.discriminator, settings["learning_rate_disc"]),
        }

    def draws(self, passes):
        """Of the next pass; the step has this many passes in all."""
        self.passes += passes
        return draws(self.sizes, self.batch, self.passes - passes + 1)

    def apply(self, network):
        limit = self.settings.get("grad_clip_value")
        if limit:
            torch.nn.utils.clip_grad_norm_(network.parameters(), limit)
        self.optimiser[network].step()
        self.optimiser[network].zero_grad()

    def step(self, network, values, apply):
        """Gradients of this network alone."""
        loss = losses.weighted(values, self.weights) / self.settings["accumulation_steps"]
        loss.backward(inputs=list(network.parameters()))
        if apply:
            self.apply(network)
        return in_order(values)

    def adversarial(self, real, apply):
        total = 0
        for _ in range(self.settings["g_steps_per_batch"]):
            values = losses.of_generator(self.generator, self.discriminator, real, self.draws(2), SMOOTHING)
            total = total + self.step(self.generator, values, apply)
        for _ in range(self.settings["d_steps_per_g_step"]):
            values = losses.of_discriminator(
                self.generator, self.discriminator, real, self.draws(3), SMOOTHING
            )
            total = total + self.step(self.discriminator, values, apply)
        return total

    def pretrain_generator(self, real):
        drawn = self.draws(1)
        x, _, _ = self.generator(drawn["noise"], drawn["epsilon"])
        loss = losses.reconstruction(x, real)
        loss.backward()
        self.apply(self.generator)
        return in_order({"g_cost_reconstruction": loss})

    def pretrain_discriminator(self, real):
        drawn = self.draws(3)
        with torch.no_grad():
            x, _, _ = self.generator(drawn["noise"], drawn["epsilon"])
        self.discriminator.power_iteration()
        parts = [
            losses.bce(self.discriminator(keys, update=True)[0], label)
            for keys, label in ((real, 1.0), (x, 0.0))
        ]
        (0.5 * sum(parts)).backward()
        self.apply(self.discriminator)
        return in_order({"d_cost": sum(parts)})


PRETRAIN, BATCHES = 2, 10


def training(cases, name, sizes, batch, weights, **settings):
    """Both pretrainings, then ten batches: the losses of each, and the parameters at the end. At a tenfold
    learning rate, Adam grows a change of 1e-7 in the parameters to 1e-3 in the losses; at this one it does not."""
    torch.manual_seed(1)
    settings = {
        "learning_rate": 0.0002,
        "learning_rate_disc": 0.0001,
        "accumulation_steps": 2,
        "g_steps_per_batch": 2,
        "d_steps_per_g_step": 1,
    } | settings
    run = Training(sizes, batch, weights, settings)
    start = parameters(run.generator, run.discriminator)
    real = real_keys(sizes, 2 * PRETRAIN + BATCHES, batch)
    rows = [run.pretrain_generator(r) for r in real[:PRETRAIN]]
    rows += [run.pretrain_discriminator(r) for r in real[PRETRAIN : 2 * PRETRAIN]]
    rows += [run.adversarial(r, i % 2 == 1) for i, r in enumerate(real[2 * PRETRAIN :])]
    cases.case(
        name,
        {"seed": SEED, "keys": sizes.keys, "frames": sizes.frames, "batch": batch, "pretrain": PRETRAIN, "config": yaml(sizes, weights, **settings)},
        real=real.transpose(-1, -2), **start, losses=torch.stack(rows), **parameters(run.generator, run.discriminator, "after "),
    )  # fmt: skip


def initial(cases, name, sizes, drawn=8):
    """Of each parameter as PyTorch initialises it: mean, standard deviation and largest value."""
    torch.manual_seed(1)
    found = []
    for _ in range(drawn):
        every = parameters(musigan.Generator(sizes), musigan.Discriminator(sizes))
        found.append(
            {k: torch.stack([p.mean(), p.std(correction=0), p.abs().max()]) for k, p in every.items()}
        )
    middle = {k: torch.stack([f[k] for f in found]).mean(0) for k in found[0]}
    settings = {"seed": SEED, "keys": sizes.keys, "frames": sizes.frames, "batch": 1}
    cases.case(name, settings | {"config": yaml(sizes, WEIGHTS)}, **middle)


def write(folder):
    with Cases(folder / "step.tensors") as cases:
        one_step(cases, "musigan", SMALL, 4, WEIGHTS)
        one_step(cases, "variants", OTHER, 3, WEIGHTS | {"g_feature_matching_cost": 0.5})
    with Cases(folder / "training.tensors") as cases:
        training(cases, "musigan", SMALL, 4, WEIGHTS)
        training(cases, "variants", OTHER, 4, WEIGHTS | {"g_feature_matching_cost": 0.5}, grad_clip_value=1.0)
    larger = SMALL._replace(
        n_channels=24,
        latent_dim=36,
        num_heads=3,
        keys=33,
        frames=20,
        num_layers=1,
        latent_seq_len=20,
        noise_dim=160,
    )
    with Cases(folder / "initial.tensors") as cases:
        initial(cases, "batch", larger)
        initial(cases, "spectral", larger._replace(norm="spectral", use_gaussians=True))
