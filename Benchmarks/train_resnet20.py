"""PyTorch's half of `train-resnet20`: prints its version ("none" where it isn't installed),
then at each line of input trains for a few steps and prints the seconds.

The same network, batch, optimiser and loss as `hostagent train`, channels last.
"""

import os
import sys
import time

try:
    import torch
except ImportError:
    print("none")
    sys.exit()

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))
sys.dont_write_bytecode = True
import torch_networks

threads, batch, steps = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(1)
network = torch_networks.ResNet(3).to(memory_format=torch.channels_last).train()
matrices = [p for p in network.parameters() if p.dim() > 1]
others = [p for p in network.parameters() if p.dim() == 1]
optimiser = torch.optim.SGD(
    [{"params": matrices, "weight_decay": 5e-4}, {"params": others}], lr=0.1, momentum=0.9, nesterov=True
)
pixels = torch.randint(0, 256, (batch * steps, 3, 32, 32), dtype=torch.uint8)
labels = torch.randint(0, 10, (batch * steps,))


def epoch():
    for index in torch.randperm(batch * steps).split(batch):
        images = pixels[index].float().mul_(1 / 255).contiguous(memory_format=torch.channels_last)
        loss = torch.nn.functional.cross_entropy(network(images), labels[index])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return loss.item()


print(torch.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    epoch()
    print(time.perf_counter() - start, flush=True)
