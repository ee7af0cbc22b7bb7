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
        last = nn.ConvTranspose1d(widths[-1], 4 * sizes.keys, 4, 2, 1)
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
        """Gates, loudnesses, both (batch, 2, K, T)."""
        h = self.latent_to_decoder(z)
        if self.sizes.position == "sinusoidal":
            h = h + sinusoidal_position(self.sizes.latent_seq_len, self.sizes.n_channels)
        for layer in self.transformer:
            h = layer(h)
        h = h.transpose(1, 2)
        for stage in self.decode:
            h = stage(h)
        h = h[..., : self.sizes.frames].unflatten(1, (4, self.sizes.keys))
        return h[:, :2], h[:, 2:]

    def forward(self, noise, epsilon):
        """Makes self.real again, which the caller sets; the noise is of no use in training."""
        mu, logvar = self.hear(self.real)
        self.gate, self.loudness = self.logits(reparameterise(mu, logvar, epsilon))
        x = torch.sigmoid(self.gate) * torch.sigmoid(self.loudness) ** 2
        return x.flatten(2), mu, logvar


def gate_losses(design):
    """Of the last forward pass, by the names of their weights."""
    real = design.real.unflatten(-1, (design.sizes.keys, design.sizes.frames))
    on = (real > 0).to(real)
    left, right = (on * (torch.sigmoid(design.loudness) - real.sqrt())).unbind(1)
    apart = (left + right).abs() / 2 + 0.7 * (left - right).abs() / 2
    sounding = F.binary_cross_entropy_with_logits(design.gate, on, reduction="sum") / 2
    return {"g_gate_cost": sounding / len(real), "g_loudness_cost": apart.sum() / len(real)}
