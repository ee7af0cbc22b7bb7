"""MusiGAN's networks in PyTorch: what the C core is held against.

Channels come first here, as PyTorch has them; ours() turns a parameter into the layout of the core. All
randomness is an argument, so that both sides can be given the same numbers. Works in float32 and float64.
"""

import math
import re
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

BATCH_NORM_EPSILON = 1e-11


class Sizes(NamedTuple):
    """The keys of a configuration that the networks depend on."""

    noise_dim: int = 48000
    n_channels: int = 128
    latent_seq_len: int = 500
    latent_dim: int = 512
    num_heads: int = 8
    num_layers: int = 1
    keys: int = 33
    frames: int = 500
    use_gaussians: bool = False
    num_of_gaussians: int = 6
    position: str = "sinusoidal"
    conv_dropout: float = 0.2
    dropout: float = 0.1
    norm: str = "batch"
    activation: str = "relu"

    @property
    def seq_len(self):
        return self.keys * self.frames


# --- Generator --------------------------------------------------------------------------------------------


class Block(nn.Sequential):
    """convolution -> ReLU -> batch normalisation -> dropout"""

    def __init__(self, convolution, dropout):
        norm = nn.BatchNorm1d(convolution.out_channels, eps=BATCH_NORM_EPSILON)
        super().__init__()
        self.conv, self.relu, self.norm, self.drop = convolution, nn.ReLU(), norm, nn.Dropout(dropout)


def pool_pairs(x):
    """The larger of each two neighbours plus their mean (which is linear resizing to half the length)."""
    return F.max_pool1d(x, 2) + F.avg_pool1d(x, 2)


def resize(x, length):
    return F.interpolate(x, size=length, mode="linear", align_corners=False)


def sinusoidal_position(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * torch.exp(
        torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width)
    )
    position = torch.zeros(length, width, dtype=torch.float64)
    position[:, 0::2] = torch.sin(angle)
    position[:, 1::2] = torch.cos(angle)[:, : width // 2]
    return position.to(torch.get_default_dtype())


def reparameterise(mu, logvar, epsilon):
    return mu + torch.exp(0.5 * logvar) * epsilon


def hard_sigmoid(x, length):
    x = x / (x.amax(dim=(1, 2), keepdim=True).abs() + 0.001)
    return F.adaptive_avg_pool1d(F.hardsigmoid(x), length)


def envelope(x, a):
    """x (batch, 2, length) under the sum of the Gaussians that a (batch, 2G) describes."""
    a = a.abs()
    widths, centres = a.chunk(2, dim=1)
    widths = 4 * torch.sigmoid(widths - 10)
    centres = centres / (centres.max() + 1e-4)
    length = x.shape[-1]
    unit = length / 16500
    i = torch.arange(length, dtype=x.dtype, device=x.device) - length / 2
    distance = i - unit * (-8000 + 16000 * centres)[..., None]
    bells = torch.exp(-0.5 * (distance / (4000 * unit * widths[..., None])) ** 2)
    x = x * bells.sum(dim=1, keepdim=True)
    return x / x.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)


class Generator(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        c, e, drop = sizes.n_channels, sizes.latent_dim, sizes.conv_dropout
        self.sizes = sizes
        self.conv1 = Block(nn.Conv1d(2, c, 9, stride=2, padding=4), drop)
        self.conv2 = Block(nn.Conv1d(c, c, 7, stride=2, padding=3), drop)
        self.mu = nn.Linear(c, e)
        self.logvar = nn.Linear(c, e)
        self.transformer = nn.ModuleList(
            nn.TransformerEncoderLayer(e, sizes.num_heads, 2 * e, sizes.dropout, batch_first=True)
            for _ in range(sizes.num_layers)
        )
        self.latent_to_decoder = nn.Linear(e, c)
        self.up1 = Block(nn.ConvTranspose1d(c, c, 7, stride=2, padding=3, output_padding=1), drop)
        self.up2 = Block(nn.ConvTranspose1d(c, c, 2, stride=2), drop)
        self.up3 = Block(nn.ConvTranspose1d(c, c, 3, stride=5, padding=1, output_padding=4), drop)
        self.up4 = nn.ConvTranspose1d(c, 2, 9, stride=2, padding=4, output_padding=1)
        if sizes.use_gaussians:
            g = sizes.num_of_gaussians
            flat = nn.Linear(sizes.latent_seq_len * e, 4 * g)
            self.gaussians = nn.Sequential(flat, nn.ReLU(), nn.Linear(4 * g, 2 * g))
        if sizes.position == "sinusoidal":
            self.register_buffer("position", sinusoidal_position(sizes.latent_seq_len, e), persistent=False)

    def encode(self, noise):
        h = self.conv2(pool_pairs(self.conv1(noise)))
        h = F.adaptive_avg_pool1d(h, self.sizes.latent_seq_len).transpose(1, 2)
        return self.mu(h), self.logvar(h)

    def transform(self, z):
        if self.sizes.position == "sinusoidal":
            z = z + self.position
        for layer in self.transformer:
            z = layer(z)
        return z

    def decode(self, h):
        """A block's skip is the input of the block before it, without that block's own skip."""
        s = self.sizes.latent_seq_len
        h0 = self.latent_to_decoder(h).transpose(1, 2)
        h1 = self.up1(h0)
        h2 = self.up2(h1 + resize(h0, 2 * s))
        h3 = self.up3(h2 + resize(h1, 4 * s))
        return self.up4(h3 + resize(h2, 20 * s))

    def forward(self, noise, epsilon):
        """noise (batch, 2, noise_dim), epsilon (batch, S, E) -> keys (batch, 2, L), mu, logvar"""
        mu, logvar = self.encode(noise)
        h = self.transform(reparameterise(mu, logvar, epsilon))
        x = hard_sigmoid(self.decode(h), self.sizes.seq_len)
        if self.sizes.use_gaussians:
            x = envelope(x, self.gaussians(h.flatten(1)))
        return x, mu, logvar


# --- Discriminator ----------------------------------------------------------------------------------------


def unit(x):
    return x / x.norm().clamp(min=1e-12)


@torch.no_grad()
def power_iteration(weight, u, v):
    """Moves u and v, the vectors of the iteration, in place by one step."""
    matrix = weight.flatten(1)
    v.copy_(unit(matrix.T @ u))
    u.copy_(unit(matrix @ v))


def spectral(weight, u, v):
    """weight / sigma"""
    matrix = weight.flatten(1)
    return weight / torch.dot(u.clone(), matrix @ v.clone())


class DiscriminatorBlock(nn.Module):
    """norm(activation(convolution)) + the input averaged by twos and cut to that length"""

    def __init__(self, inputs, outputs, spectral_norm, batch_norm, slope):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 4, stride=2, padding=1)
        self.skip = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None
        self.norm = nn.BatchNorm1d(outputs) if batch_norm else None
        self.slope = slope
        self.spectral_norm = spectral_norm
        if spectral_norm:
            self.register_buffer("u", unit(torch.randn(outputs)))
            self.register_buffer("v", unit(torch.randn(inputs * 4)))

    def normalise(self, h, update):
        if self.norm is None:
            return h
        if self.training and not update:
            return F.batch_norm(h, None, None, self.norm.weight, self.norm.bias, True, eps=self.norm.eps)
        return self.norm(h)

    def forward(self, x, update):
        weight = self.conv.weight
        if self.spectral_norm:
            weight = spectral(weight, self.u, self.v)
        h = F.conv1d(x, weight, self.conv.bias, stride=2, padding=1)
        h = self.normalise(F.leaky_relu(h, self.slope) if self.slope else F.relu(h), update)
        skip = F.avg_pool1d(x, 2)[..., : h.shape[-1]]
        return h + (self.skip(skip) if self.skip else skip)


def minibatch(m):
    """m (batch, outputs, dims) -> (batch, outputs)"""
    distance = (m[:, None] - m[None]).abs().sum(-1)
    return torch.exp(-distance).sum(1) - 1


class Discriminator(nn.Module):
    """Up to 8 blocks, until the length is 4 or less, then minibatch discrimination and one logit."""

    def __init__(self, sizes):
        super().__init__()
        self.blocks = nn.ModuleList()
        slope = 0.25 if sizes.activation == "leaky_relu" else 0.0
        inputs, length, is_batch = 2, sizes.seq_len, sizes.norm == "batch"
        while len(self.blocks) < 8 and length > 4:
            outputs = 2 * inputs if self.blocks else inputs
            is_spectral = not is_batch and len(self.blocks) > 0
            self.blocks.append(DiscriminatorBlock(inputs, outputs, is_spectral, is_batch, slope))
            inputs, length = outputs, (length - 2) // 2 + 1
        self.minibatch = nn.Parameter(torch.randn(inputs, 10 * 5))
        self.final = nn.Linear(inputs + 10, 1)

    def power_iteration(self):
        """Once a training step."""
        for block in self.blocks:
            if block.spectral_norm:
                power_iteration(block.conv.weight, block.u, block.v)

    def forward(self, x, update=False):
        """x (batch, 2, L) -> logits (batch), the output of the block before the last; update: in training,
        the running statistics move"""
        feature = None
        for block in self.blocks:
            feature, x = x, block(x, update)
        h = x.mean(-1)
        o = minibatch((h @ self.minibatch).unflatten(1, (10, 5)))
        return self.final(torch.cat([h, o], 1)).squeeze(1), feature


# --- The names and layouts of the core --------------------------------------------------------------------

NAMES = (
    (r"num_batches_tracked", None),
    (r"\.conv\.", "."),
    (r"norm(\d?)\.weight", r"norm\1.scale"),
    (r"norm(\d?)\.bias", r"norm\1.shift"),
    (r"running_var$", "running_variance"),
    (r"self_attn\.in_proj_", "attention.in."),
    (r"self_attn\.out_proj", "attention.out"),
    (r"\.([uv])$", r".spectral.\1"),
    (r"minibatch$", "minibatch.weight"),
    (r"(encode|decode)\.(\d)", lambda match: f"{match[1]}{int(match[2]) + 1}"),
    (r"blocks\.(\d)", lambda match: f"block{int(match[1]) + 1}"),
)


def core_name(network, name):
    """None for what the core has no need of"""
    for pattern, replacement in NAMES:
        if replacement is None and re.search(pattern, name):
            return None
        name = re.sub(pattern, replacement or "", name)
    return f"{network}.{name}"


def core_layout(name, tensor):
    """Kernels come before the last dimension, one-tap kernels have none, and v is as the weight."""
    if name.endswith("minibatch.weight"):
        return tensor.T
    if name.endswith("skip.weight"):
        return tensor.squeeze(2)
    if name.endswith("spectral.v"):
        return tensor.unflatten(0, (-1, 4)).T.flatten()
    return tensor.transpose(1, 2) if tensor.dim() == 3 else tensor


def for_core(network, tensors):
    """Pairs of names and tensors as the core has them."""
    named = ((core_name(network, name), tensor) for name, tensor in tensors)
    return {name: core_layout(name, tensor) for name, tensor in named if name}
