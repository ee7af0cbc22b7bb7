"""The design `time` in PyTorch: what the C core is held against. Channels come first here, as in musigan.py."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from musigan import reparameterise, sinusoidal_position
from torch import nn


class TimeSizes(NamedTuple):
    """The keys of a configuration that the network depends on."""

    n_channels: int = 8
    latent_seq_len: int = 4
    latent_dim: int = 3
    num_heads: int = 2
    num_layers: int = 1
    keys: int = 5
    frames: int = 13
    drums: int = 0  # the last of the keys
    position: str = "sinusoidal"
    dropout: float = 0.0
    norm: str = "batch"
    activation: str = "relu"

    @property
    def seq_len(self):
        return self.keys * self.frames

    @property
    def stages(self):
        count = 0
        while self.latent_seq_len << count < self.frames:
            count += 1
        return count


class Stage(nn.Sequential):
    """a convolution that halves or doubles the length -> leaky ReLU -> batch normalisation"""

    def __init__(self, convolution):
        norm = nn.BatchNorm1d(convolution.out_channels)
        super().__init__()
        self.conv, self.relu, self.norm = convolution, nn.LeakyReLU(0.2), norm


class TimeDesign(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        c, n = sizes.n_channels, sizes.stages
        widths = [c] * (n - 1) + [c * 3 // 4 if n > 1 else c]  # at the latents' length times 1, 2, 4 …
        ins = [2 * sizes.keys] + widths[:0:-1]
        self.encode = nn.ModuleList(Stage(nn.Conv1d(i, o, 4, 2, 1)) for i, o in zip(ins, widths[::-1]))
        self.posterior = nn.Conv1d(widths[0], 2 * sizes.latent_dim, 3, padding=1)
        self.latent_to_decoder = nn.Linear(sizes.latent_dim, c)
        self.transformer = nn.ModuleList(
            nn.TransformerEncoderLayer(c, sizes.num_heads, 2 * c, sizes.dropout, batch_first=True)
            for _ in range(sizes.num_layers)
        )
        last = nn.ConvTranspose1d(widths[-1], 3 * sizes.keys, 4, 2, 1)
        stages = [Stage(nn.ConvTranspose1d(i, o, 4, 2, 1)) for i, o in zip([c] + widths[1:], widths[1:])]
        self.decode = nn.ModuleList(stages + [last])

    def hear(self, real):
        """real (batch, 2, L) -> mu, logvar (batch, S, E)"""
        x = real.sqrt().unflatten(-1, (self.sizes.keys, self.sizes.frames)).flatten(1, 2)
        behind = (self.sizes.latent_seq_len << self.sizes.stages) - self.sizes.frames
        h = torch.cat([x, x.flip(-1)[..., :behind]], -1)
        for stage in self.encode:
            h = stage(h)
        return self.posterior(h).transpose(1, 2).chunk(2, -1)

    def logits(self, z):
        """Gates, onsets, loudnesses, each (batch, K, T)."""
        h = self.latent_to_decoder(z)
        if self.sizes.position == "sinusoidal":
            h = h + sinusoidal_position(self.sizes.latent_seq_len, self.sizes.n_channels)
        for layer in self.transformer:
            h = layer(h)
        h = h.transpose(1, 2)
        for stage in self.decode:
            h = stage(h)
        return h[..., : self.sizes.frames].chunk(3, 1)

    def forward(self, noise, epsilon):
        """Makes self.real again, which the caller sets; the noise is of no use in training."""
        mu, logvar = self.hear(self.real)
        self.gate, self.onset, self.loudness = self.logits(reparameterise(mu, logvar, epsilon))
        x = torch.sigmoid(self.gate) * torch.sigmoid(self.loudness) ** 2
        return torch.stack([x, x], 1).flatten(2), mu, logvar


def gate_losses(design):
    """Of the last forward pass, by the names of their weights."""
    sizes = design.sizes
    real = design.real.unflatten(-1, (sizes.keys, sizes.frames)).amax(1)
    sounds = (real > 0).to(real)
    begins = sounds[..., 1:] * (1 - sounds[..., :-1])  # of the frames but the first
    entropy, pitched = F.binary_cross_entropy_with_logits, sizes.keys - sizes.drums
    gates = entropy(design.gate, sounds, reduction="none").sum((0, 2))
    onsets = entropy(design.onset[..., 1:], begins, reduction="none").sum((0, 2))
    apart = sounds * (torch.sigmoid(design.loudness) - real.sqrt()).abs()
    sums = {
        "g_gate_cost": gates[:pitched].sum(),
        "g_onset_cost": onsets[:pitched].sum(),
        "g_drum_cost": (gates + onsets)[pitched:].sum(),
        "g_loudness_cost": apart.sum(),
    }
    return {name: value / len(real) for name, value in sums.items()}
