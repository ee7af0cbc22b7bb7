"""Numbers for the operations of kernels/ops.h, one file a group, channels last as there."""

import torch
import torch.nn.functional as F

import losses
import musigan
from cases import Cases, draw, gradients, last


# --- The transformer --------------------------------------------------------------------------------------


def linear(cases, name, batch, length, inputs, outputs, relu, with_bias=True):
    x, weight = draw(batch, length, inputs), draw(outputs, inputs, scale=inputs**-0.5)
    bias = draw(outputs) if with_bias else None
    y = F.linear(x, weight, bias)
    y = F.relu(y) if relu else y
    dy = draw(*y.shape)
    dx, dweight = gradients([(y, dy)], [x, weight])
    dbias = gradients([(y, dy)], [bias])[0] if with_bias else None
    cases.case(
        name, {"relu": relu}, x=x, weight=weight, bias=bias, y=y, dy=dy, dx=dx, dweight=dweight, dbias=dbias
    )


def attention(cases, name, batch, length, width, heads):
    qkv = draw(batch, length, 3 * width)
    q, k, v = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in qkv.chunk(3, -1))
    share = (q @ k.transpose(-1, -2) * (width // heads) ** -0.5).softmax(-1)
    y = (share @ v).transpose(1, 2).flatten(2)
    dy = draw(*y.shape)
    cases.case(name, {"heads": heads}, qkv=qkv, y=y, dy=dy, dqkv=gradients([(y, dy)], [qkv])[0])


def add_norm(cases, name, batch, length, width):
    x, f = draw(batch, length, width), draw(batch, length, width)
    scale, shift = draw(width, at=1, scale=0.3), draw(width)
    y = F.layer_norm(x + f, (width,), scale, shift, 1e-5)
    dy = draw(*y.shape)
    dx, df, dscale, dshift = gradients([(y, dy)], [x, f, scale, shift])
    cases.case(
        name,
        {},
        x=x,
        f=f,
        scale=scale,
        shift=shift,
        y=y,
        sum=x + f,
        dy=dy,
        dx=dx,
        df=df,
        dscale=dscale,
        dshift=dshift,
    )


def reparameterise(cases, name, batch, length, width, with_position):
    mu, logvar, epsilon = (draw(batch, length, width) for _ in range(3))
    position = draw(length, width) if with_position else None
    z = musigan.reparameterise(mu, logvar, epsilon) + (position if with_position else 0)
    kl, weight = losses.kl(mu, logvar), 0.25
    dz = draw(*z.shape)
    dmu, dlogvar = gradients([(z, dz), (weight * kl, torch.ones_like(kl))], [mu, logvar])
    cases.case(
        name,
        {"kl_weight": weight},
        mu=mu, logvar=logvar, epsilon=epsilon, position=position, z=z, kl=kl, dz=dz, dmu=dmu, dlogvar=dlogvar,
    )  # fmt: skip


def transformer(folder):
    with Cases(folder / "linear.tensors") as c:
        linear(c, "linear", 2, 5, 7, 9, False)
        linear(c, "relu", 2, 5, 7, 9, True)
        linear(c, "no bias", 3, 1, 11, 4, False, with_bias=False)
        linear(c, "one output", 5, 1, 13, 1, False)
        linear(c, "several tiles", 2, 70, 24, 36, True)
    with Cases(folder / "attention.tensors") as c:
        attention(c, "one head", 2, 5, 3, 1)
        attention(c, "three heads", 2, 7, 12, 3)
        attention(c, "several tiles", 2, 71, 16, 2)
    with Cases(folder / "add-norm.tensors") as c:
        add_norm(c, "add norm", 2, 5, 7)
        add_norm(c, "wide", 3, 11, 33)
    with Cases(folder / "reparameterise.tensors") as c:
        reparameterise(c, "with a position", 3, 5, 7, True)
        reparameterise(c, "without a position", 2, 3, 5, False)


# --- The generator's output, and resizing -----------------------------------------------------------------


def from_x(cases, name, function, *shape, draw_x=draw, **settings):
    """A function of x alone, over the length."""
    x = draw_x(*shape)
    y = last(function(last(x)))
    dy = draw(*y.shape)
    cases.case(name, settings, x=x, y=y, dy=dy, dx=gradients([(y, dy)], [x])[0])


def resizing(folder):
    with Cases(folder / "adaptive-pool.tensors") as c:
        for length, pooled in ((12, 4), (13, 5), (40, 33), (5, 12), (7, 7), (9, 1)):
            name = f"{length} to {pooled}"
            from_x(c, name, lambda x, n=pooled: F.adaptive_avg_pool1d(x, n), 2, length, 3)
    with Cases(folder / "halve.tensors") as c:
        from_x(c, "even", lambda x: F.avg_pool1d(x, 2), 2, 12, 3)
        from_x(c, "odd", lambda x: F.avg_pool1d(x, 2), 3, 7, 2)
    with Cases(folder / "hard-sigmoid.tensors") as c:
        for length, pooled in ((20, 16), (24, 24), (15, 40)):
            from_x(c, f"{length} to {pooled}", lambda x, n=pooled: musigan.hard_sigmoid(x, n), 3, length, 2)
        # Some values beyond both corners of HardSigmoid: a low maximum under a wide spread.
        low = lambda *shape: draw(*shape, scale=2, at=-2.5)
        from_x(c, "at the corners", lambda x: musigan.hard_sigmoid(x, 33), 4, 40, 2, draw_x=low)


def envelope(cases, name, batch, length, gaussians):
    x = draw(batch, length, 2, scale=0.3, at=0.5)
    a = (draw(batch, 2 * gaussians).detach() + torch.tensor([9.0, 2.0]).repeat_interleave(gaussians)).float()
    a = (a * torch.where(torch.rand(a.shape) < 0.3, -1, 1)).double().requires_grad_()
    y = last(musigan.envelope(last(x), a))
    dy = draw(*y.shape)
    dx, da = gradients([(y, dy)], [x, a])
    cases.case(name, {}, x=x, a=a[:, None], y=y, dy=dy, dx=dx, da=da[:, None])


def output(folder):
    with Cases(folder / "envelope.tensors") as c:
        envelope(c, "two Gaussians", 3, 40, 2)
        envelope(c, "one Gaussian", 2, 33, 1)
        envelope(c, "six Gaussians", 4, 165, 6)


# --- The discriminator's own ------------------------------------------------------------------------------


def minibatch(cases, name, batch, outputs, dims):
    m = draw(batch, outputs, dims, scale=0.5)
    o = musigan.minibatch(m)
    d_o = draw(*o.shape)
    dm = gradients([(o, d_o)], [m])[0]
    cases.case(name, {}, m=m.flatten(1)[:, None], o=o[:, None], d_o=d_o[:, None], dm=dm.flatten(1)[:, None])


def spectral(cases, name, rows, columns, iterations):
    weight = draw(rows, columns)
    u, v = (musigan.unit(draw(n).detach()).float().double() for n in (rows, columns))
    moved_u, moved_v = u.clone(), v.clone()
    for _ in range(iterations):
        musigan.power_iteration(weight, moved_u, moved_v)
    normal = musigan.spectral(weight, moved_u, moved_v)
    sigma = torch.dot(moved_u, weight @ moved_v)
    dnormal = draw(rows, columns)
    dweight = gradients([(normal, dnormal)], [weight])[0]
    cases.case(
        name,
        {"iterations": iterations},
        weight=weight, u=u, v=v, moved_u=moved_u, moved_v=moved_v, normal=normal, sigma=sigma.reshape(1),
        dnormal=dnormal, dweight=dweight,
    )  # fmt: skip


def bce(cases, name, label, weight):
    logit = draw(5, scale=3)
    value = losses.bce(logit, label)
    dlogit = gradients([(weight * value, torch.ones_like(value))], [logit])[0]
    settings = {"label": label, "weight": weight}
    cases.case(name, settings, logit=logit[:, None, None], value=value, dlogit=dlogit[:, None, None])


def feature_match(cases, name, batch, length, channels):
    x, r = draw(batch, length, channels), draw(batch + 1, length, channels)
    weight = 3.0
    value = losses.feature_match(x, r)
    dx = gradients([(weight * value, torch.ones_like(value))], [x])[0]
    cases.case(name, {"weight": weight}, x=x, r=r, real_mean=r.mean(0)[None], value=value, dx=dx)


def discriminator(folder):
    with Cases(folder / "minibatch.tensors") as c:
        minibatch(c, "four samples", 4, 3, 2)
        minibatch(c, "one sample", 1, 3, 2)
        minibatch(c, "ten by five", 7, 10, 5)
    with Cases(folder / "spectral.tensors") as c:
        spectral(c, "vectors as they are", 5, 12, 0)
        spectral(c, "one iteration", 5, 12, 1)
        spectral(c, "two iterations", 9, 4, 2)
    with Cases(folder / "bce.tensors") as c:
        bce(c, "fake", 0.0, 1.0)
        bce(c, "smooth label", 0.8, 20.0)
    with Cases(folder / "feature-match.tensors") as c:
        feature_match(c, "feature match", 4, 5, 6)


# --- Losses on keys ---------------------------------------------------------------------------------------


def keys_pair(batch, keys, frames, alike):
    """Generated and real keys (batch, 2, keys, frames) with neighbours that are alike, or not, or silent."""
    common = torch.rand(batch, 1, 1, frames, dtype=torch.float64)
    x = alike * common + (1 - alike) * torch.rand(batch, 2, keys, frames, dtype=torch.float64)
    r = torch.rand(batch, 2, keys, frames, dtype=torch.float64) ** 3
    r = r + 0.05 * torch.randn(r.shape)
    scale = torch.linspace(0.1, 1, keys, dtype=torch.float64)[:, None]
    return (x * scale).float().double().requires_grad_(), r.float().double()


def to_core(x):
    """(batch, 2, keys, frames) to (batch, keys * frames, 2)"""
    return last(x.flatten(2))


ONE = torch.ones((), dtype=torch.float64)


WEIGHTS = torch.tensor([2.0, 1.0, 3.0, 0.75, 0.5, 1.5, 0.25], dtype=torch.float64)


def mix(gradients_of_each):
    return torch.tensordot(WEIGHTS[: len(gradients_of_each)], gradients_of_each, 1)


def key_losses(cases, name, batch, keys, frames, alike=0.5):
    """values and gradients of each loss alone (weight 1), in the order of the enums; gradients by WEIGHTS"""
    x, r = keys_pair(batch, keys, frames, alike)
    logit = draw(batch)
    g = [f(x, r) for f in losses.GENERATOR.values()]
    d = [f(x.detach(), r, torch.sigmoid(logit)) for f in losses.DISCRIMINATOR.values()]
    dx = torch.stack([to_core(gradients([(value, ONE)], [x])[0]) for value in g])
    dlogit = torch.stack([gradients([(value, ONE)], [logit])[0][:, None, None] for value in d])
    cases.case(
        name,
        {"keys": keys, "frames": frames},
        x=to_core(x), r=to_core(r), logit=logit[:, None, None],
        weights=WEIGHTS, generator_values=torch.stack(g), dx=dx, mixed_dx=mix(dx),
        discriminator_values=torch.stack(d), dlogit=dlogit, mixed_dlogit=mix(dlogit),
    )  # fmt: skip


def on_keys(folder):
    with Cases(folder / "key-losses.tensors") as c:
        key_losses(c, "even batch", 4, 5, 8)
        key_losses(c, "odd batch", 3, 4, 7)
        key_losses(c, "no melody", 2, 6, 9, alike=0.0)
        key_losses(c, "melody", 2, 9, 35, alike=0.9)
        key_losses(c, "two samples, two keys", 2, 2, 6)


# --- The optimiser ----------------------------------------------------------------------------------------


def optimiser(folder):
    with Cases(folder / "adamw.tensors") as c:
        for name, decay in (("weight decay", 0.5), ("no weight decay", 0.0)):
            settings = {"learning_rate": 0.01, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}
            settings["weight_decay"] = decay
            p = draw(37)
            start, steps = p.detach().clone(), 5
            adamw = torch.optim.AdamW([p], lr=0.01, betas=(0.5, 0.999), eps=1e-8, weight_decay=decay)
            wanted, given = [], []
            for step in range(steps):
                p.grad = draw(37, scale=10.0 ** (step - 3)).detach()
                adamw.step()
                given.append(p.grad)
                wanted.append(p.detach().clone())
            c.case(name, settings, p=start, gradients=torch.stack(given), wanted=torch.stack(wanted))
    with Cases(folder / "clip.tensors") as c:
        for name, limit in (("above the limit", 0.5), ("below the limit", 100.0)):
            p = draw(41)
            p.grad = draw(41).detach()
            before = p.grad.clone()
            torch.nn.utils.clip_grad_norm_([p], limit)
            c.case(name, {"limit": limit}, gradients=before, wanted=p.grad)


def write(folder):
    transformer(folder)
    resizing(folder)
    output(folder)
    discriminator(folder)
    on_keys(folder)
    optimiser(folder)
