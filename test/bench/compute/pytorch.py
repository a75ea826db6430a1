"""The same training steps in PyTorch, one thread: prints one line of JSON, milliseconds by workload and "gflops"."""

import json
import statistics
import time

import torch
from torch import nn

torch.set_num_threads(1)
BUDGET_S = 2.0


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(90, 8)
        self.lstm = nn.LSTM(8, 256, batch_first=True)
        self.output = nn.Linear(256, 90)

    def forward(self, x):
        return self.output(self.lstm(self.embedding(x))[0][:, -1])


class Gru(nn.Module):
    """PyTorch's GRU resets after the product; as much work."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(28, 256, batch_first=True)
        self.output = nn.Linear(256, 10)

    def forward(self, x):
        return self.output(self.gru(x)[0][:, -1])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.queries, self.keys, self.values = (nn.Linear(28, 64) for _ in range(3))
        self.normal = nn.LayerNorm(64, eps=1e-3)
        self.output = nn.Linear(28 * 64, 3)

    def forward(self, x):
        values = self.values(x)
        shares = (self.queries(x) @ self.keys(x).transpose(1, 2)).softmax(-1)
        return self.output(self.normal(values + shares @ values).flatten(1))


def two_hidden():
    return nn.Sequential(
        nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 10)
    )


def convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, 10),
    )


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def embedding():
    return nn.Sequential(nn.Embedding(10_000, 128, sparse=True), nn.Flatten(), nn.Linear(16 * 128, 10))


def median_ms(step):
    step()
    times, end = [], time.perf_counter() + BUDGET_S
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def training_ms(model, x, labels):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    targets = torch.arange(len(x)) % labels
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss_of(model(x), targets).backward()
        optimizer.step()

    return median_ms(step)


figures = {}
for batch in (10, 32, 128):
    figures[f"2nn-{batch}"] = training_ms(two_hidden(), torch.randn(batch, 784), 10)
for batch in (10, 50):
    figures[f"cnn-{batch}"] = training_ms(convolutional(), torch.randn(batch, 1, 28, 28), 10)
figures["lenet-64"] = training_ms(lenet(), torch.randn(64, 1, 28, 28), 10)
figures["lstm-32"] = training_ms(Lstm(), torch.randint(0, 90, (32, 80)), 90)
figures["gru-32"] = training_ms(Gru(), torch.randn(32, 28, 28), 10)
figures["attention-32"] = training_ms(Attention(), torch.randn(32, 28, 28), 3)
figures["embedding-64"] = training_ms(embedding(), torch.randint(0, 10_000, (64, 16)), 10)
a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
figures["gflops"] = 2 * 1024**3 / median_ms(lambda: a @ b) / 1e6
print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
