"""The model of char_gpt in PyTorch, trained on the same text with the same settings, for comparison.

usage: pytorch.py [--steps N] [--seed N] [--threads N]
"""
import argparse
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
CONTEXT, CHANNELS, HEADS, LAYERS, DROPOUT, BATCH = 64, 96, 4, 3, 0.1, 24


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(CHANNELS, CHANNELS) for _ in range(4))
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x):
        q, k, v = (f(x).unflatten(-1, (HEADS, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        seen = F.scaled_dot_product_attention(q, k, v, dropout_p=DROPOUT if self.training else 0, is_causal=True)
        return self.drop(self.out(seen.transpose(1, 2).flatten(2)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2, self.attention = nn.LayerNorm(CHANNELS), nn.LayerNorm(CHANNELS), Attention()
        self.mlp = nn.Sequential(nn.Linear(CHANNELS, 4 * CHANNELS), nn.GELU(), nn.Linear(4 * CHANNELS, CHANNELS),
                                 nn.Dropout(DROPOUT))

    def forward(self, x):
        y = x + self.attention(self.norm1(x))
        return y + self.mlp(self.norm2(y))


class Gpt(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.characters, self.positions = nn.Embedding(vocabulary, CHANNELS), nn.Embedding(CONTEXT, CHANNELS)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm, self.head = nn.LayerNorm(CHANNELS), nn.Linear(CHANNELS, vocabulary)
        for table in (self.characters, self.positions):
            nn.init.normal_(table.weight, 0, 0.02)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.characters(x) + self.positions(torch.arange(x.shape[1])))))


def loss_of(model, text, generator):
    starts = torch.randint(len(text) - CONTEXT, (BATCH,), generator=generator)
    pieces = torch.stack([text[i:i + CONTEXT + 1] for i in starts])
    return F.cross_entropy(model(pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())


@torch.no_grad()
def evaluate(model, text):
    generator = torch.Generator().manual_seed(1)
    model.eval()
    found = sum(loss_of(model, text, generator).item() for _ in range(8)) / 8
    model.train()
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    text = "".join((ROOT / f"docs/{name}.md").read_text()
                   for name in ("design", "autograd", "kernels", "numerics", "modules", "adding_an_op"))
    characters = sorted(set(text.encode()))
    all_of_it = torch.tensor([characters.index(c) for c in text.encode()])
    kept = len(all_of_it) // 10
    learned, held_back = all_of_it[:-kept], all_of_it[-kept:]
    torch.manual_seed(options.seed)
    model = Gpt(len(characters))
    print(f"{len(all_of_it)} characters, {len(characters)} different; {sum(p.numel() for p in model.parameters())} parameters")
    groups = [{"params": [p for p in model.parameters() if p.dim() > 1]},
              {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=3e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, options.steps, pct_start=0.05, cycle_momentum=False)
    generator = torch.Generator().manual_seed(options.seed)
    began = time.process_time()
    for step in range(1, options.steps + 1):
        loss = loss_of(model, learned, generator)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        schedule.step()
        if step % 200 == 0 or step == options.steps:
            print(f"step {step:5}: loss {loss.item():.3f}, held back {evaluate(model, held_back):.3f}, "
                  f"{(time.process_time() - began) / step:.4f} s of CPU per step", flush=True)


if __name__ == "__main__":
    main()
