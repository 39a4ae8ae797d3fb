"""Fashion-MNIST, as published since 31 August 2017 (before, some test images stood in the training set)."""

from __future__ import annotations

from tuner.data.card import Card, Download

CARD = Card(
    name="fashion-mnist",
    title="Fashion-MNIST",
    description="Zalando's article photographs: 70,000 grey images of 28 x 28 in 10 classes",
    image_shape=(28, 28, 1),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    n_train=60_000,
    n_test=10_000,
    licence="MIT",
    citation="Xiao, Rasul, Vollgraf 2017, Fashion-MNIST: a novel image dataset, arXiv:1708.07747",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    formats=("idx", "npz"),
    keras=("fashion-mnist",),
    package="dataset-fashion-mnist",
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    downloads=(
        Download(
            file="train-images-idx3-ubyte.gz",
            sha256="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            n_bytes=26_421_880,
        ),
        Download(
            file="train-labels-idx1-ubyte.gz",
            sha256="a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            n_bytes=29_515,
        ),
        Download(
            file="t10k-images-idx3-ubyte.gz",
            sha256="346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            n_bytes=4_422_102,
        ),
        Download(
            file="t10k-labels-idx1-ubyte.gz",
            sha256="67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            n_bytes=5_148,
        ),
    ),
    sha256={
        "train_images": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "train_labels": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "test_images": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "test_labels": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
)
