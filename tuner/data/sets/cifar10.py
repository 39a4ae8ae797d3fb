"""CIFAR-10. Downloaded in its binary version; the version that Keras keeps is read without unpickling anything."""

from __future__ import annotations

from tuner.data.card import Card, Download

CARD = Card(
    name="cifar10",
    title="CIFAR-10",
    description="Tiny photographs: 60,000 colour images of 32 x 32 in 10 classes",
    image_shape=(32, 32, 3),
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    n_train=50_000,
    n_test=10_000,
    licence="none stated by its authors",
    citation="Krizhevsky 2009, Learning multiple layers of features from tiny images",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    formats=("cifar-binary", "cifar-python", "npz"),
    keras=(
        "cifar-10-batches-py-target/cifar-10-batches-py",
        "cifar-10-batches-py",
        "cifar-10-batches-py.tar.gz",
    ),
    mirrors=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
    downloads=(
        Download(
            file="cifar-10-binary.tar.gz",
            sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            n_bytes=170_052_171,
        ),
    ),
    files={
        "cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530",
        "cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a",
        "cifar-10-batches-py.tar.gz": "c58f30108f718f92721af3b95e74349a",
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
)
