"""The networks of `hostagent` in PyTorch: the common definitions with the common names.

Images are 0 ... 1; the first convolution of CIFAR's networks sees them in a frame of the
mean colour (MeanFrame in Sources/HostAgent/Network).
"""

import torch
from torch import nn
from torch.nn import functional as F

CIFAR10_MEAN = (0.49140, 0.48216, 0.44653)


def framed(images, width):
    """Images in a frame of the mean colour."""
    n, c, h, w = images.shape
    colour = torch.tensor(CIFAR10_MEAN).view(1, 3, 1, 1)
    out = colour.expand(n, c, h + 2 * width, w + 2 * width).clone(
        memory_format=torch.channels_last
    )
    out[:, :, width : width + h, width : width + w] = images
    return out


class LeNet(nn.Module):
    def __init__(self, kernel, paddings, channels, features, classes=10):
        super().__init__()
        inputs = (1, *channels)
        for i, padding in enumerate(paddings):
            setattr(self, f"conv{i + 1}", nn.Conv2d(inputs[i], inputs[i + 1], kernel, padding=padding))
        widths = (*features, classes)
        for i in range(len(widths) - 1):
            setattr(self, f"fc{i + 1}", nn.Linear(widths[i], widths[i + 1]))
        self.linears = len(widths) - 1

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        x = x.flatten(1)
        for i in range(self.linears):
            x = getattr(self, f"fc{i + 1}")(F.relu(x) if i else x)
        return x


class VGG8(nn.Module):
    def __init__(self, width=1.0, classes=10):
        super().__init__()
        channels = [3] + [int(c * width) for c in (128, 128, 256, 256, 512, 512)]
        for i in range(6):
            padding = 0 if i == 0 else 1
            setattr(self, f"conv{i + 1}", nn.Conv2d(channels[i], channels[i + 1], 3, 1, padding, bias=False))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(channels[i + 1]))
        self.fc1 = nn.Linear(channels[6] * 16, channels[6] * 2)
        self.fc2 = nn.Linear(channels[6] * 2, classes)

    def forward(self, x):
        x = framed(x, 1)
        for i in range(1, 7):
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x)))
            if i % 2 == 0:
                x = F.max_pool2d(x, 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class VGG(nn.Module):
    STACKS = {
        11: [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
        16: [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    }

    def __init__(self, depth, width=1.0, classes=10):
        super().__init__()
        layers, inputs = [], 3
        for entry in self.STACKS[depth]:
            if entry == "M":
                layers.append(nn.MaxPool2d(2))
                continue
            outputs = int(entry * width)
            padding = 1 if layers else 0
            layers += [nn.Conv2d(inputs, outputs, 3, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU(True)]
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(inputs, classes)

    def forward(self, x):
        return self.classifier(self.features(framed(x, 1)).flatten(1))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, projects):
        super().__init__()
        padding = kernel // 2
        self.conv1 = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, kernel, 1, padding, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs
        self.shortcut = nn.Sequential()
        if projects and (stride != 1 or inputs != outputs):
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        self.projects = projects

    def around(self, x):
        if self.projects:
            return self.shortcut(x)
        if self.added == 0 and self.stride == 1:
            return x
        before = self.added // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.added - before))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.around(x)
        return F.relu(y, inplace=True)


class ResNet(nn.Module):
    """`exits` 3 (three stages only): forward gives a list, the deepest exit last."""

    def __init__(self, blocks, stages=3, width=16, kernel=3, classes=10, exits=1, projects=False):
        super().__init__()
        self.kernel, self.stages, self.exits = kernel, stages, exits
        self.conv1 = nn.Conv2d(3, width, kernel, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage in range(stages):
            outputs, layers = width << stage, []
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(BasicBlock(inputs, outputs, kernel, stride, projects))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
            if exits > 1 and stage + 1 < stages:
                setattr(self, f"exit{stage + 1}", nn.Linear(outputs, classes))
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(framed(x, self.kernel // 2))), inplace=True)
        scores = []
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
            head = getattr(self, f"exit{stage}", None)
            if head is not None:
                scores.append(head(x.mean((2, 3))))
        scores.append(self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1)))
        return scores if self.exits > 1 else scores[0]


class DenseBasic(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv1(F.relu(self.bn1(x)))], 1)


class DenseBlock(nn.Module):
    def __init__(self, layers, inputs, growth):
        super().__init__()
        self.layer = nn.Sequential(*(DenseBasic(inputs + i * growth, growth) for i in range(layers)))

    def forward(self, x):
        return self.layer(x)


class Transition(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv1(F.relu(self.bn1(x))), 2)


class DenseNet40(nn.Module):
    def __init__(self, growth=12, classes=10):
        super().__init__()
        channels = 16
        self.conv1 = nn.Conv2d(3, channels, 3, bias=False)
        for number in (1, 2, 3):
            setattr(self, f"block{number}", DenseBlock(12, channels, growth))
            channels += 12 * growth
            if number < 3:
                setattr(self, f"trans{number}", Transition(channels))
        self.bn1 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.trans1(self.block1(self.conv1(framed(x, 1))))
        x = self.block3(self.trans2(self.block2(x)))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))
