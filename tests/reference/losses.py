"""MusiGAN's losses in PyTorch, vectorised, and which of them a step of either network has.

x are generated keys, r real ones with instance noise, both (batch, 2, keys, frames).
"""

import torch
import torch.nn.functional as F

EPSILON = 1e-3  # inside the logarithms
INSTANCE_NOISE = 0.05


def reconstruction(x, r):
    return F.smooth_l1_loss(x, r)


def kl(mu, logvar):
    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / mu.shape[0]


def no_seconds(x):
    return -torch.log((x[:, :, :-1] - x[:, :, 1:]).abs().sum(2) + EPSILON).mean()


def sounding(x):
    return torch.sigmoid((x - 0.05) / 0.01)


def no_silence(x):
    per_key = x.transpose(1, 2).flatten(2)
    mean = per_key.mean(-1)
    return (
        torch.exp(-20 * sounding(x).mean())
        - torch.log(per_key.std(-1) + EPSILON).mean()
        - 0.001 * torch.log(torch.where(mean > 0.1, mean, 0) + EPSILON).mean()
    )


def correlation(a, b):
    """of the samples' values; 0 where one of them is constant"""
    a, b = a.flatten(1), b.flatten(1)
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    square = (a * a).sum(1) * (b * b).sum(1)
    return torch.where(square > 0, (a * b).sum(1) / square.clamp(min=1e-30).sqrt(), 0)


def melodies(x):
    """of neighbouring keys in each channel, and of the two channels: (3, batch)"""
    low, high = x[:, :, :-1], x[:, :, 1:]
    return torch.stack(
        [
            correlation(low[:, 0], high[:, 0]),
            correlation(low[:, 1], high[:, 1]),
            correlation(low[:, 0], low[:, 1]),
        ]
    )


def melody(x):
    return -torch.log(melodies(x).mean(0).clamp(min=0.01) + EPSILON).mean()


def melody_match(x, r):
    """(batch)"""
    return ((melodies(x) - melodies(r)) ** 2).sum(0)


def std_match(x, r):
    """(batch)"""
    return ((x.std(-1).mean(1) - r.std(-1).mean(1)) ** 2).mean(1)


def min_max_match(x, r, max_weight):
    """(batch)"""
    change = [s(x, dim=(1, 3)) - s(r, dim=(1, 3)) for s in (torch.amax, torch.amin, torch.mean)]
    return (max_weight * change[0] ** 2 + change[1] ** 2 + change[2] ** 2).mean(1)


def silence_match(x, r):
    """(batch)"""
    return (sounding(x).mean((1, 2, 3)) - sounding(r).mean((1, 2, 3))) ** 2


def kl_of_halves(x):
    x = x[: x.shape[0] // 2 * 2].clamp(min=1e-6)
    even, odd = x[0::2] / x[0::2].sum(), x[1::2] / x[1::2].sum()
    return (even * (even / odd).log()).sum()


def kl_songs(x, r, p):
    return (kl_of_halves(r) - kl_of_halves(x)) ** 2 * p.mean()


def feature_match(x, r):
    return ((x.mean(0) - r.mean(0)) ** 2).mean()


# In the order of enum generator_loss and enum discriminator_loss of kernels/key-losses.h.
GENERATOR = {
    "g_cost_reconstruction": reconstruction,
    "g_no_seconds_cost": lambda x, r: no_seconds(x),
    "g_no_silence_cost": lambda x, r: no_silence(x),
    "g_melody_cost": lambda x, r: melody(x),
    "g_melody_cost_2": lambda x, r: melody_match(x, r).mean(),
    "g_compute_std_cost": lambda x, r: std_match(x, r).mean(),
    "g_min_max_stats_cost": lambda x, r: min_max_match(x, r, 1).mean(),
}
DISCRIMINATOR = {
    "d_silence_cost": lambda x, r, p: (p * silence_match(x, r)).sum(),
    "d_melody_cost": lambda x, r, p: (p * melody_match(x, r)).sum(),
    "d_compute_std_cost": lambda x, r, p: (p * std_match(x, r)).sum(),
    "d_min_max_stats_cost": lambda x, r, p: (p * min_max_match(x, r, 3)).sum(),
    "d_kl_song_cost": kl_songs,
}
WEIGHTS = {
    "g_cost_reconstruction": 2.0,
    "g_cost": 20.0,
    "g_cost_kl": 0.00005,
    "g_no_seconds_cost": 1.0,
    "g_no_silence_cost": 1.0,
    "g_melody_cost": 0.75,
    "g_melody_cost_2": 1.0,
    "g_compute_std_cost": 1.0,
    "g_min_max_stats_cost": 1.0,
    "g_feature_matching_cost": 0.0,
    "d_cost": 1.0,
    "d_silence_cost": 1.0,
    "d_melody_cost": 1.0,
    "d_compute_std_cost": 1.0,
    "d_min_max_stats_cost": 1.0,
    "d_kl_song_cost": 0.1,
}


def bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def weighted(losses, weights):
    return sum(weights[name] * loss for name, loss in losses.items() if weights[name])


def keys_of(x, sizes):
    return x.unflatten(-1, (sizes.keys, sizes.frames))


def of_generator(generator, discriminator, real, drawn, smoothing):
    """All losses of one of its steps, by the names of their weights; drawn: noise, epsilon, instance noise."""
    sizes = generator.sizes
    x, mu, logvar = generator(drawn["noise"], drawn["epsilon"])
    r = real + INSTANCE_NOISE * drawn["instance"]
    with torch.no_grad():
        _, wanted = discriminator(r)
    logits, features = discriminator(x)
    losses = {name: f(keys_of(x, sizes), keys_of(r, sizes)) for name, f in GENERATOR.items()}
    losses["g_cost"] = bce(logits, 1 - smoothing)
    losses["g_cost_kl"] = kl(mu, logvar)
    losses["g_feature_matching_cost"] = feature_match(features, wanted)
    return losses


def of_discriminator(generator, discriminator, real, drawn, smoothing):
    """The same for a step of the discriminator; its cross entropy is d_cost, of weight 1."""
    sizes = generator.sizes
    with torch.no_grad():
        x, _, _ = generator(drawn["noise"], drawn["epsilon"])
    r = real + INSTANCE_NOISE * drawn["instance"]
    discriminator.power_iteration()
    real_logits, _ = discriminator(r, update=True)
    logits, _ = discriminator(x, update=True)
    p = torch.sigmoid(logits)
    losses = {name: f(keys_of(x, sizes), keys_of(r, sizes), p) for name, f in DISCRIMINATOR.items()}
    losses["d_cost"] = bce(real_logits, 1 - smoothing) + bce(logits, 0.0)
    return losses
